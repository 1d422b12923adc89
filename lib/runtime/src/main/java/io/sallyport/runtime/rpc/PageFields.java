package io.sallyport.runtime.rpc;

import com.google.common.collect.ImmutableList;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/// The texts that a page token holds: where a list goes on, and of which list it is. Clients hand it back unread
/// (`page_token` of https://google.aip.dev/158), so whatever comes back may be anything.
public final class PageFields {

    private static final int MAX_CHARS = 4_096;

    private PageFields() {}

    /// The token. Only the last field may hold line breaks.
    public static String encode(String... fields) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(String.join("\n", fields).getBytes(StandardCharsets.UTF_8));
    }

    /// The fields of a token that has as many; empty: it is of no list, or too long to be looked at.
    public static Optional<ImmutableList<String>> decode(String token, int count) {
        if (token.length() > MAX_CHARS) {
            return Optional.empty();
        }
        try {
            var fields = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8).split("\n", count);
            return fields.length == count ? Optional.of(ImmutableList.copyOf(fields)) : Optional.empty();
        } catch (IllegalArgumentException notOfBase64) {
            return Optional.empty();
        }
    }
}
