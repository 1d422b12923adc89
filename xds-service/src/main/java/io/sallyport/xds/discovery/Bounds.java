package io.sallyport.xds.discovery;

import io.grpc.Status;

/// What one client may ask of the server.
final class Bounds {

    static final int NODE_BYTES = 64 << 10;
    static final int NAMES = 200_000;
    static final int NAME_LENGTH = 4_096;
    static final int TYPE_URL_LENGTH = 512;
    static final int UNKNOWN_TYPES = 16;
    static final int REASON_LENGTH = 4_096;
    static final int STREAMS_PER_NODE = 4;
    static final int STREAMS = 20_000;
    // Responses that are past their time and may still be answered, per type.
    static final int OVERDUE = 8;

    private Bounds() {}

    static void checkNames(int count) throws ProtocolViolation {
        if (count > NAMES) {
            throw new ProtocolViolation(
                    Status.Code.RESOURCE_EXHAUSTED, count + " resource names (expected: at most " + NAMES + ")");
        }
    }

    static void checkName(String name) throws ProtocolViolation {
        if (name.length() > NAME_LENGTH) {
            throw new ProtocolViolation(
                    Status.Code.RESOURCE_EXHAUSTED,
                    "a resource name of " + name.length() + " characters (expected: at most " + NAME_LENGTH + ")");
        }
    }

    /// What a client says, made fit for logs and status: cut, and without control characters.
    static String printable(String text) {
        var cut = text.length() <= REASON_LENGTH ? text : text.substring(0, REASON_LENGTH) + "…";
        var result = new StringBuilder(cut.length());
        cut.codePoints().forEach(c -> {
            if (c == '\n' || c == '\t') {
                result.append(' ');
            } else if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
                result.append("\\u%04x".formatted(c));
            } else {
                result.appendCodePoint(c);
            }
        });
        return result.toString();
    }
}
