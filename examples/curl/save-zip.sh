#!/bin/sh
# Saves a ZIP of Alfresco nodes: the whole job with curl, sed and grep; unzip tests the result.
#
#   DOWNLOADS_URL=https://downloads.example.com DOWNLOADS_USER=alice:secret save-zip.sh FILE.zip NODE_ID...
#
# Exit code: 0 saved; 2 wrong usage; 3 a document cannot be put into the ZIP; 4 wrong name or password; 1 anything else.
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
  # Nothing must be left behind in Alfresco, whatever has happened.
  if [ -n "$id" ]; then call -X DELETE "$DOWNLOADS_URL/downloads/$id?purge=true" >/dev/null; fi
  rm -r "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# curl with the password on its standard input: every user of the machine can read arguments.
as_user() {
  printf 'user = "%s"\n' "$(printf %s "$DOWNLOADS_USER" | sed 's/[\\"]/\\&/g')" | curl -K - -sS "$@"
}

# Prints the status of the response, or 000, and writes its head and body to files. curl retries temporary failures, after the delay
# in Retry-After.
call() {
  as_user -o "$work/body" -D "$work/head" -w '%{http_code}' \
    --retry 8 --retry-all-errors --retry-max-time 180 "$@" || true
}

# Prints a string member of the last JSON body.
member() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/body"
}

# Exits according to the problem document. Its code is for programs, its detail for people.
fail() {
  code=$(member code)
  echo "${code:-no response from the service}: $(member detail)" >&2
  case $code in
    NODE_NOT_FOUND | NODE_FORBIDDEN | NODE_NOT_ZIPPABLE | CONTENT_ARCHIVED | INVALID_ID) exit 3 ;;
    VALIDATION_FAILED | TOO_MANY_NODES) exit 3 ;;
    UNAUTHENTICATED) exit 4 ;;
    *) exit 1 ;;
  esac
}

# 1. Ask for the ZIP. The key lets curl retry the request without making a second one.
ids=$(printf '"%s",' "$@")
key="save-zip-$(date +%s)-$$"
while :; do
  status=$(call "$DOWNLOADS_URL/downloads" -H 'Content-Type: application/json' \
    -H "Idempotency-Key: $key" -d "{\"nodeIds\":[${ids%,}]}")
  # The response to the first request was lost, but the service is still processing it.
  [ "$(member code)" = IDEMPOTENCY_KEY_IN_USE ] || break
  sleep 1
done
[ "$status" = 202 ] || fail
id=$(member id)

# 2. Wait for it. The service responds as soon as something changes, or with 304 after 30 seconds.
etag='"none"'
while :; do
  status=$(call "$DOWNLOADS_URL/downloads/$id" -H 'Prefer: wait=30' -H "If-None-Match: $etag")
  [ "$status" != 304 ] || continue
  [ "$status" = 200 ] || fail
  etag=$(grep -i '^etag:' "$work/head" | tail -n 1 | sed 's/^[^:]*: *//' | tr -d '\r')
  case $(member status) in
    DONE) break ;;
    CANCELLED | MAX_CONTENT_SIZE_EXCEEDED)
      echo "there will be no ZIP: $(member status)" >&2
      exit 1
      ;;
  esac
done

# 3. Save it; "-C -" resumes a broken transfer.
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
