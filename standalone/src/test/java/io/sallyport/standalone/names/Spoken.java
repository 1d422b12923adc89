package io.sallyport.standalone.names;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Messages as resolvers and name servers send them.
final class Spoken {

    static final int A = 1;
    private static final int AAAA = 28;
    private static final int COOKIE = 10;

    private Spoken() {}

    /// Asks for the IPv4 addresses, with a cookie as resolvers send it.
    static NameMessage question(String name) {
        var options = ByteBuffer.allocate(11 + 12).put((byte) 0).putShort((short) 41);
        options.putShort((short) 1232).putInt(0).putShort((short) 12);
        options.putShort((short) COOKIE).putShort((short) 8).putLong(0x1234_5678_9abc_def0L);
        return message(0x0100, name, A, 0, 1, options.array());
    }

    static NameMessage newerAddress(String name) {
        var record = ByteBuffer.allocate(28).putShort((short) 0xc00c).putShort((short) AAAA);
        record.putShort((short) 1).putInt(300).putShort((short) 16).put((byte) 0x20);
        return message(0x8180, name, AAAA, 1, 0, record.array());
    }

    static NameMessage addresses(String name, String... addresses) {
        var records = new ByteArrayOutputStream();
        for (var address : addresses) {
            var record = ByteBuffer.allocate(16).putShort((short) 0xc00c).putShort((short) A);
            record.putShort((short) 1).putInt(300).putShort((short) 4);
            List.of(address.split("\\.")).forEach(part -> record.put((byte) Integer.parseInt(part)));
            records.writeBytes(record.array());
        }
        return message(0x8180, name, A, addresses.length, 0, records.toByteArray());
    }

    static NameMessage missing(String name) {
        return message(0x8183, name, A, 0, 0, new byte[0]);
    }

    static NameMessage nothingOfThatType(String name) {
        return message(0x8180, name, A, 0, 0, new byte[0]);
    }

    static NameMessage failure(String name) {
        return message(0x8182, name, A, 0, 0, new byte[0]);
    }

    private static NameMessage message(int flags, String name, int type, int answers, int additional, byte[] records) {
        var out = new ByteArrayOutputStream();
        out.writeBytes(ByteBuffer.allocate(12)
                .putShort((short) 7)
                .putShort((short) flags)
                .putShort((short) 1)
                .putShort((short) answers)
                .putShort((short) 0)
                .putShort((short) additional)
                .array());
        for (var label : List.of(name.split("\\."))) {
            out.write(label.length());
            out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.writeBytes(new byte[] {0, 0, (byte) type, 0, 1});
        out.writeBytes(records);
        return new NameMessage(out.toByteArray());
    }
}
