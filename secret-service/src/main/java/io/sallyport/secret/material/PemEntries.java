package io.sallyport.secret.material;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;

/// Splits an entry into its PEM blocks, within bounds: 128 KiB an entry for keys and chains, 1 MiB for trust bundles.
/// Text around the blocks and CRLF are fine; a block that does not end is not.
final class PemEntries {

    static final int MAX_BYTES = 128 * 1024;
    static final int MAX_TRUST_BYTES = 1024 * 1024;

    private PemEntries() {}

    static List<PemObject> read(String entry, byte[] bytes, int maxBytes) throws UnusableException {
        if (bytes.length == 0) {
            throw new UnusableException(entry + " is empty");
        }
        if (bytes.length > maxBytes) {
            throw new UnusableException(
                    "%s has %d bytes (expected: at most %d)".formatted(entry, bytes.length, maxBytes));
        }
        var text = new String(bytes, StandardCharsets.ISO_8859_1);
        var blocks = new ArrayList<PemObject>();
        try (var reader = new PemReader(new StringReader(canonical(text)))) {
            for (var block = reader.readPemObject(); block != null; block = reader.readPemObject()) {
                blocks.add(block);
            }
        } catch (IOException | RuntimeException broken) {
            // The library reports bad base64 by several unchecked exceptions; all of them mean the same to the user.
            throw new UnusableException(entry + " has a broken PEM block: " + reason(broken));
        }
        var begins = count(text, "-----BEGIN ");
        if (begins != blocks.size()) {
            throw new UnusableException("%s has a PEM block that does not end (%d begin, %d whole)"
                    .formatted(entry, begins, blocks.size()));
        }
        if (blocks.isEmpty()) {
            throw new UnusableException(entry + " has no PEM block (expected: \"-----BEGIN …\")");
        }
        return blocks;
    }

    private static String canonical(String text) {
        return text.lines().map(String::strip).collect(Collectors.joining("\n", "", "\n"));
    }

    private static String reason(Exception broken) {
        var message = broken.getMessage();
        return message == null || message.isBlank() ? "not base64" : message;
    }

    private static int count(String text, String word) {
        var count = 0;
        for (var at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length())) {
            count++;
        }
        return count;
    }
}
