package io.sallyport.cli.input;

import java.nio.charset.StandardCharsets;

/// One file as it was read: its name as the user would say it, and its bytes, which nobody changes. Of a file above the
/// bound only that much is known.
@SuppressWarnings("ArrayRecordComponent") // Files are megabytes; they are read once and handed on.
public record InputFile(String name, byte[] bytes, boolean isTooLarge) {

    static InputFile tooLarge(String name) {
        return new InputFile(name, new byte[0], true);
    }

    /// The text for showing lines of it; bytes that are no UTF-8 show as replacement characters.
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
