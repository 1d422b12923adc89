package io.sallyport.translation.emit;

/// All the Lua that ever reaches a proxy: two constants, with no text of a user's in them.
///
/// Scoped routes are found by a header that holds the table and the request's host. A host that is no scope as it
/// stands may be spelled in upper case, or be a matter for the wildcards. Both scripts run only for such requests:
/// every site that has a scope of its own switches them off, so that an ordinary request runs no Lua.
/// They are two because a script sees the route that it changed only in the next filter.
final class Scripts {

    /// Looks the host up again in lower case.
    static final String LOWER_CASE = """
            function envoy_on_request(handle)
              local scope = handle:headers():get("x-sallyport-scope")
              if scope == nil then return end
              local bar = string.find(scope, "|", 1, true)
              if bar == nil then return end
              local host = string.sub(scope, bar + 1)
              if string.find(host, "%u") then
                handle:headers():replace("x-sallyport-scope", string.sub(scope, 1, bar) .. string.lower(host))
                handle:clearRouteCache()
              end
            end
            """;

    /// Hands a host that nobody serves by its own name to the wildcards. A host that is served and whose routes do not
    /// match stays where it is: that is a 404.
    static final String FALLBACK = """
            function envoy_on_request(handle)
              if handle:virtualHost():metadata():get("served") ~= nil then return end
              if handle:streamInfo():routeName() ~= "" then return end
              local scope = handle:headers():get("x-sallyport-scope")
              if scope == nil then return end
              local bar = string.find(scope, "|", 1, true)
              if bar == nil then return end
              handle:headers():replace("x-sallyport-scope", string.sub(scope, 1, bar) .. "*")
              handle:clearRouteCache()
            end
            """;

    /// Refuses TRACE, which answers a script with headers that it must not see.
    static final String REFUSE_TRACE = """
            function envoy_on_request(handle)
              if handle:headers():get(":method") == "TRACE" then
                handle:respond({[":status"] = "405"}, "")
              end
            end
            """;

    private Scripts() {}
}
