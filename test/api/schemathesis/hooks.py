import schemathesis


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Rules that the document states only in prose."""
    schemas = raw_schema["components"]["schemas"]
    # Each id once; the document does not say `uniqueItems`, because generators would turn the list into a set.
    schemas["DownloadBodyCreate"]["properties"]["nodeIds"]["uniqueItems"] = True
    # LINK_TTL, which differs between installations.
    schemas["DirectAccessUrlBodyCreate"]["properties"]["validFor"]["maximum"] = 300
