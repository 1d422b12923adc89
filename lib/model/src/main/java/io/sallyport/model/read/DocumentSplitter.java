package io.sallyport.model.read;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Cuts a file into documents at its `---` and `...` lines, before anything is parsed, so that one broken document
/// leaves the others readable. YAML forbids these lines inside a document, in block scalars and quotes too.
final class DocumentSplitter {

    private final byte[] bytes;
    private final boolean json;
    private final List<Chunk> chunks = new ArrayList<>();
    private int chunkStart;
    private int chunkLine = 1;
    private boolean onlyPrologue = true;
    private boolean hasDirective;
    private boolean blank = true;
    private int documents;

    DocumentSplitter(byte[] bytes, boolean json) {
        this.bytes = bytes;
        this.json = json;
    }

    /// The bytes of one document and the line on which they start.
    record Chunk(int start, int end, int line) {}

    /// Whether the file holds more documents than the bound, empty ones counted.
    boolean isTooMany() {
        return documents > Bounds.DOCUMENTS;
    }

    /// The documents that hold more than blanks and comments, as far as the bound goes.
    List<Chunk> split() {
        var start = hasMark() ? 3 : 0;
        chunkStart = start;
        if (json) {
            chunks.add(new Chunk(start, bytes.length, 1));
            return chunks;
        }
        var line = 1;
        var lineStart = start;
        while (lineStart < bytes.length && documents <= Bounds.DOCUMENTS) {
            var lineEnd = lineStart;
            while (lineEnd < bytes.length && bytes[lineEnd] != '\n' && bytes[lineEnd] != '\r') {
                lineEnd++;
            }
            var next = lineEnd;
            if (next < bytes.length) {
                next += bytes[next] == '\r' && next + 1 < bytes.length && bytes[next + 1] == '\n' ? 2 : 1;
            }
            take(lineStart, lineEnd, next, line);
            lineStart = next;
            line++;
        }
        finish(Math.min(lineStart, bytes.length));
        return chunks;
    }

    private void take(int start, int end, int next, int line) {
        if (isMarker(start, end, '-') && !(onlyPrologue && hasDirective)) {
            finish(start);
            documents++;
            var bare = isBlank(start + 3, end);
            begin(bare ? next : start, bare ? line + 1 : line);
            onlyPrologue = false;
            blank = bare;
        } else if (isMarker(start, end, '-')) {
            onlyPrologue = false;
            documents++;
        } else if (isMarker(start, end, '.')) {
            finish(start);
            begin(next, line + 1);
            onlyPrologue = true;
        } else if (start < end && bytes[start] == '%' && onlyPrologue) {
            hasDirective = true;
        } else if (!isBlank(start, end)) {
            onlyPrologue = false;
            blank = false;
        }
    }

    private void begin(int start, int line) {
        chunkStart = start;
        chunkLine = line;
        hasDirective = false;
        blank = true;
    }

    private void finish(int end) {
        if (!blank || hasDirective) {
            chunks.add(new Chunk(chunkStart, end, chunkLine));
        }
    }

    private boolean isMarker(int start, int end, char c) {
        return end - start >= 3
                && bytes[start] == c
                && bytes[start + 1] == c
                && bytes[start + 2] == c
                && (end - start == 3 || bytes[start + 3] == ' ' || bytes[start + 3] == '\t');
    }

    /// Whether a line holds nothing, or a comment.
    private boolean isBlank(int start, int end) {
        for (var i = start; i < end; i++) {
            if (bytes[i] == '#') {
                return true;
            }
            if (bytes[i] != ' ' && bytes[i] != '\t') {
                return false;
            }
        }
        return true;
    }

    private boolean hasMark() {
        return bytes.length >= 3 && (bytes[0] & 0xff) == 0xef && (bytes[1] & 0xff) == 0xbb && (bytes[2] & 0xff) == 0xbf;
    }

    /// The text of a document, or the reason why it is none.
    static String decode(byte[] bytes, Chunk chunk) throws UnreadableException {
        if (chunk.end() - chunk.start() > Bounds.DOCUMENT_BYTES) {
            throw new UnreadableException(new Problem(
                    ReadRule.TOO_LARGE,
                    chunk.line(),
                    1,
                    "document of %,d bytes (expected: at most 4 MiB)".formatted(chunk.end() - chunk.start())));
        }
        var decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        var input = ByteBuffer.wrap(bytes, chunk.start(), chunk.end() - chunk.start());
        var output = CharBuffer.allocate(chunk.end() - chunk.start());
        var outcome = decoder.decode(input, output, true);
        if (outcome.isError()) {
            var offset = input.position();
            throw new UnreadableException(at(
                    bytes,
                    chunk,
                    offset,
                    ReadRule.ENCODING,
                    "invalid UTF-8 at byte %d: 0x%02x (expected: UTF-8)".formatted(offset, bytes[offset] & 0xff)));
        }
        var text = output.flip().toString();
        checkCharacters(text, bytes, chunk);
        return text;
    }

    private static void checkCharacters(String text, byte[] bytes, Chunk chunk) throws UnreadableException {
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (isForbidden(c)) {
                var offset = chunk.start() + text.substring(0, i).getBytes(StandardCharsets.UTF_8).length;
                throw new UnreadableException(at(
                        bytes,
                        chunk,
                        offset,
                        ReadRule.CONTROL_CHARACTER,
                        "character U+%04X at byte %d (expected: printable text)".formatted((int) c, offset)));
            }
        }
    }

    private static boolean isForbidden(char c) {
        if (c < 0x20) {
            return c != '\t' && c != '\n' && c != '\r';
        }
        return (c >= 0x7f && c < 0xa0 && c != 0x85) || c == 0xfeff || c == 0x2028 || c == 0x2029 || c >= 0xfffe;
    }

    private static Problem at(byte[] bytes, Chunk chunk, int offset, ReadRule rule, String message) {
        var line = chunk.line();
        var column = 1;
        for (var i = chunk.start(); i < offset; i++) {
            var endsLine = bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 >= bytes.length || bytes[i + 1] != '\n'));
            line += endsLine ? 1 : 0;
            column = endsLine ? 1 : column + ((bytes[i] & 0xc0) == 0x80 ? 0 : 1);
        }
        return new Problem(rule, line, column, message);
    }

    /// The encoding that a file is in when it is plainly not UTF-8: marks and NUL bytes of UTF-16 and UTF-32.
    static @Nullable String foreignEncoding(byte[] bytes) {
        if (bytes.length < 2) {
            return null;
        }
        var a = bytes[0] & 0xff;
        var b = bytes[1] & 0xff;
        if (bytes.length >= 4 && a == 0 && b == 0) {
            return "UTF-32";
        }
        if (a == 0xff && b == 0xfe) {
            return bytes.length >= 4 && bytes[2] == 0 && bytes[3] == 0 ? "UTF-32" : "UTF-16";
        }
        if (a == 0xfe && b == 0xff) {
            return "UTF-16";
        }
        if (a == 0 || b == 0) {
            return bytes.length >= 4 && b == 0 && bytes[2] == 0 && bytes[3] == 0 ? "UTF-32" : "UTF-16";
        }
        return null;
    }
}
