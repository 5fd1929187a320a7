import schemathesis


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """What the document says in words only."""
    schemas = raw_schema["components"]["schemas"]
    # Each id once: with `uniqueItems`, generators make a set of the list.
    schemas["DownloadBodyCreate"]["properties"]["nodeIds"]["uniqueItems"] = True
    # LINK_TTL, which differs from one installation to another.
    schemas["DirectAccessUrlBodyCreate"]["properties"]["validFor"]["maximum"] = 300
