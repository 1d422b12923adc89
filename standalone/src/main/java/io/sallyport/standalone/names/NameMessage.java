package io.sallyport.standalone.names;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// The bytes of a question or an answer (RFC 1035, section 4), of which no more is read than who asks for what and
/// whether that is in it. All else passes as it came.
final class NameMessage {

    /// What is asked: a name in lower case, a type (1: an IPv4 address, 28: IPv6) and a class.
    record Question(String name, int type, int network) {}

    private static final int IPV4 = 1;
    private static final int IPV6 = 28;
    private static final int HEADER = 12;
    private static final int OPTIONS = 41;
    private static final int POINTER = 0xc0;
    private static final int NO_SUCH_NAME = 3;
    private static final int TROUBLE = 2;
    private static final int MAX_NAME = 255;

    /// What an answer means to the one who asked.
    enum Meaning {
        /// What was asked for is in it.
        HAS_IT,
        /// There is no such name, or nothing of that type.
        DENIES,
        /// Only the beginning came: the rest has to be asked for by TCP.
        IS_CUT,
        /// Nothing that is known: a failure, or bytes that make no sense.
        UNKNOWN
    }

    private final byte[] bytes;

    /// The bytes are not copied: who hands them over no longer writes to them.
    NameMessage(byte[] bytes) {
        this.bytes = bytes;
    }

    byte[] bytes() {
        return bytes;
    }

    int id() {
        return bytes.length < 2 ? 0 : ByteBuffer.wrap(bytes).getShort(0) & 0xffff;
    }

    NameMessage withId(int id) {
        var copy = bytes.clone();
        ByteBuffer.wrap(copy).putShort(0, (short) id);
        return new NameMessage(copy);
    }

    /// Empty unless there is exactly one question, which is what resolvers send.
    Optional<Question> question() {
        try {
            var in = ByteBuffer.wrap(bytes);
            if (in.getShort(4) != 1) {
                return Optional.empty();
            }
            in.position(HEADER);
            return Optional.of(readQuestion(in));
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /// The same question for the addresses of the other family; empty for a question about anything else.
    Optional<NameMessage> forOtherFamily() {
        var asked = question();
        if (asked.isEmpty() || (asked.get().type() != IPV4 && asked.get().type() != IPV6)) {
            return Optional.empty();
        }
        var copy = bytes.clone();
        var in = ByteBuffer.wrap(copy);
        in.position(HEADER);
        readQuestion(in);
        in.putShort(in.position() - 4, (short) (asked.get().type() == IPV4 ? IPV6 : IPV4));
        return Optional.of(new NameMessage(copy));
    }

    /// Whether the name itself is denied, and not only what was asked of it.
    boolean deniesName() {
        return bytes.length >= HEADER && (bytes[3] & 0x0f) == NO_SUCH_NAME;
    }

    boolean isAnswer() {
        return bytes.length >= HEADER && (bytes[2] & 0x80) != 0;
    }

    Meaning meaning() {
        try {
            var in = ByteBuffer.wrap(bytes);
            int code = bytes[3] & 0x0f;
            if ((bytes[2] & 0x02) != 0) {
                return Meaning.IS_CUT;
            }
            if ((code != 0 && code != NO_SUCH_NAME) || in.getShort(4) != 1) {
                return Meaning.UNKNOWN;
            }
            int records = in.getShort(6) & 0xffff;
            in.position(HEADER);
            var question = readQuestion(in);
            var isThere = false;
            for (int n = 0; n < records; n++) {
                skipName(in);
                isThere |= in.getShort() == question.type();
                in.position(in.position() + 6);
                in.position(in.position() + 2 + (in.getShort(in.position()) & 0xffff));
            }
            return isThere ? Meaning.HAS_IT : Meaning.DENIES;
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
            return Meaning.UNKNOWN;
        }
    }

    /// The same with records that live so long; for answers that [#meaning] understood.
    NameMessage living(int seconds) {
        var copy = bytes.clone();
        var in = ByteBuffer.wrap(copy);
        int records = (in.getShort(6) & 0xffff) + (in.getShort(8) & 0xffff) + (in.getShort(10) & 0xffff);
        in.position(HEADER);
        readQuestion(in);
        for (int n = 0; n < records; n++) {
            skipName(in);
            int type = in.getShort();
            // The options of EDNS keep flags where others have their time to live.
            if (type != OPTIONS) {
                in.putInt(in.position() + 2, seconds);
            }
            in.position(in.position() + 6);
            in.position(in.position() + 2 + (in.getShort(in.position()) & 0xffff));
        }
        return new NameMessage(copy);
    }

    /// The same question without the options of EDNS. Cookies among them belong to one client and one server: an answer
    /// that is kept for another day or another Envoy would be taken for a forged one. Empty: it cannot be read.
    Optional<NameMessage> withoutOptions() {
        try {
            return Optional.of(cutOptions());
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private NameMessage cutOptions() {
        var in = ByteBuffer.wrap(bytes);
        var out = ByteBuffer.allocate(bytes.length);
        int records = (in.getShort(6) & 0xffff) + (in.getShort(8) & 0xffff) + (in.getShort(10) & 0xffff);
        in.position(HEADER);
        readQuestion(in);
        int done = 0;
        for (int n = 0; n < records; n++) {
            skipName(in);
            int type = in.getShort();
            in.position(in.position() + 6);
            int length = in.position();
            in.position(length + 2 + (in.getShort(length) & 0xffff));
            if (type == OPTIONS) {
                out.put(bytes, done, length - done).putShort((short) 0);
                done = in.position();
            }
        }
        out.put(bytes, done, bytes.length - done);
        return new NameMessage(Arrays.copyOf(out.array(), out.position()));
    }

    /// The answer to this question that says: I could not find out.
    NameMessage failure() {
        var in = ByteBuffer.wrap(bytes);
        in.position(HEADER);
        readQuestion(in);
        var copy = Arrays.copyOf(bytes, in.position());
        copy[2] = (byte) (copy[2] | 0x80);
        copy[3] = (byte) (0x80 | TROUBLE);
        Arrays.fill(copy, 6, HEADER, (byte) 0);
        return new NameMessage(copy);
    }

    private static Question readQuestion(ByteBuffer in) {
        var name = new StringBuilder();
        for (int length = in.get() & 0xff; length > 0; length = in.get() & 0xff) {
            if (length >= POINTER || name.length() + length > MAX_NAME) {
                throw new IllegalArgumentException("name of a question (expected: labels of 63 bytes at most)");
            }
            var label = new byte[length];
            in.get(label);
            name.append(new String(label, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT))
                    .append('.');
        }
        return new Question(name.toString(), in.getShort(), in.getShort());
    }

    private static void skipName(ByteBuffer in) {
        for (int length = in.get() & 0xff; length > 0; length = in.get() & 0xff) {
            if (length >= POINTER) {
                in.get();
                return;
            }
            in.position(in.position() + length);
        }
    }
}
