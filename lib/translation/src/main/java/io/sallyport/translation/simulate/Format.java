package io.sallyport.translation.simulate;

/// Fills in Envoy's substitution format as far as a request alone can: request headers, the protocol, the client's
/// address. What only a running proxy knows stays as it is written.
/// `chain` is the name of the filter chain that took the connection; empty where it counts no more.
record Format(Request request, HeaderLines headers, String chain) {

    Format(Request request, HeaderLines headers) {
        this(request, headers, "");
    }

    String expand(String format) {
        var out = new StringBuilder();
        int at = 0;
        while (at < format.length()) {
            char c = format.charAt(at);
            int end = c == '%' ? format.indexOf('%', end(format, at + 1)) : -1;
            if (c != '%' || end < 0) {
                out.append(c);
                at++;
            } else {
                out.append(value(format.substring(at + 1, end)));
                at = end + 1;
            }
        }
        return out.toString();
    }

    // Percent signs inside of parentheses belong to the argument.
    private static int end(String format, int from) {
        int open = format.indexOf('(', from);
        int close = format.indexOf('%', from);
        return open >= 0 && open < close ? Math.max(from, format.indexOf(')', open)) : from;
    }

    private String value(String command) {
        if (command.isEmpty()) {
            return "%";
        }
        if (command.startsWith("REQ(")) {
            return requestHeader(command);
        }
        return switch (command) {
            case "PROTOCOL" -> request.protocol().text();
            case "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT" ->
                request.client();
            case "FILTER_CHAIN_NAME" -> chain.isEmpty() ? "-" : chain;
            case "REQUESTED_SERVER_NAME" -> request.serverName().isEmpty() ? "-" : request.serverName();
            default -> "%" + command + "%";
        };
    }

    private String requestHeader(String command) {
        int close = command.indexOf(')');
        var names = command.substring("REQ(".length(), close).split("\\?", 2);
        var value = headers.first(names[0]);
        if (value.isEmpty() && names.length > 1) {
            value = headers.first(names[1]);
        }
        var bound = command.substring(close + 1);
        var text = value.orElse("-");
        if (bound.startsWith(":")) {
            int length = Integer.parseInt(bound.substring(1));
            return text.substring(0, Math.min(length, text.length()));
        }
        return text;
    }
}
