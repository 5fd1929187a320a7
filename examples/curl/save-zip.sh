#!/bin/sh
# Saves a ZIP of Alfresco nodes: the whole job with curl, sed and grep; unzip looks whether it is whole.
#
#   DOWNLOADS_URL=https://downloads.example.com DOWNLOADS_USER=alice:secret save-zip.sh FILE.zip NODE_ID...
#
# Exit code: 0 saved; 2 wrong use; 3 a document cannot be put into the ZIP; 4 wrong name or password; 1 anything else.
set -eu

if [ $# -lt 2 ]; then
  echo "usage: save-zip.sh FILE.zip NODE_ID..." >&2
  exit 2
fi
: "${DOWNLOADS_URL:?is the address of the service}" "${DOWNLOADS_USER:?is name:password}"
file=$1
shift

work=$(mktemp -d)
: >"$work/body"
id=
finish() {
  code=$?
  trap - EXIT
  # Whatever has happened, nothing is to stay behind in Alfresco.
  if [ -n "$id" ]; then call -X DELETE "$DOWNLOADS_URL/downloads/$id?purge=true" >/dev/null; fi
  rm -r "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# curl with the password on its standard input: arguments can be read by every user of the machine.
as_user() {
  printf 'user = "%s"\n' "$(printf %s "$DOWNLOADS_USER" | sed 's/[\\"]/\\&/g')" | curl -K - -sS "$@"
}

# Prints the status of an answer, or 000, and puts its head and body into files. curl repeats what fails for the moment, after as long
# as Retry-After says.
call() {
  as_user -o "$work/body" -D "$work/head" -w '%{http_code}' \
    --retry 8 --retry-all-errors --retry-max-time 180 "$@" || true
}

# A text member of the JSON that came last.
member() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/body"
}

# Ends with what the problem document says. Its code is for programs, its detail for people.
refuse() {
  code=$(member code)
  echo "${code:-no answer of the service}: $(member detail)" >&2
  case $code in
    NODE_NOT_FOUND | NODE_FORBIDDEN | NODE_NOT_ZIPPABLE | CONTENT_ARCHIVED | INVALID_ID) exit 3 ;;
    VALIDATION_FAILED | TOO_MANY_NODES) exit 3 ;;
    UNAUTHENTICATED) exit 4 ;;
    *) exit 1 ;;
  esac
}

# 1. Ask for the ZIP. With the key, curl may repeat the request without making a second one.
ids=$(printf '"%s",' "$@")
key="save-zip-$(date +%s)-$$"
while :; do
  status=$(call "$DOWNLOADS_URL/downloads" -H 'Content-Type: application/json' \
    -H "Idempotency-Key: $key" -d "{\"nodeIds\":[${ids%,}]}")
  # The first of two requests was not answered, but goes on.
  [ "$(member code)" = IDEMPOTENCY_KEY_IN_USE ] || break
  sleep 1
done
[ "$status" = 202 ] || refuse
id=$(member id)

# 2. Wait for it. The service answers as soon as something changes, or says 304 after 30 seconds.
etag='"none"'
while :; do
  status=$(call "$DOWNLOADS_URL/downloads/$id" -H 'Prefer: wait=30' -H "If-None-Match: $etag")
  [ "$status" != 304 ] || continue
  [ "$status" = 200 ] || refuse
  etag=$(grep -i '^etag:' "$work/head" | tail -n 1 | sed 's/^[^:]*: *//' | tr -d '\r')
  case $(member status) in
    DONE) break ;;
    CANCELLED | MAX_CONTENT_SIZE_EXCEEDED)
      echo "there will be no ZIP: $(member status)" >&2
      exit 1
      ;;
  esac
done

# 3. Save it, going on with "-C -" where a transfer broke off.
rm -f "$file"
attempt=1
while :; do
  as_user -f -C - -o "$file" "$DOWNLOADS_URL/downloads/$id/content" && break
  if [ "$attempt" -ge 8 ]; then
    echo "the ZIP cannot be saved" >&2
    exit 1
  fi
  sleep "$attempt"
  attempt=$((attempt + 1))
done
unzip -tq "$file"
# 4. finish() removes the download and its ZIP from Alfresco.
