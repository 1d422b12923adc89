package io.sallyport.config.store;

import com.google.common.hash.HashCode;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/// A digest over a set of objects that follows every change at the cost of that change: the sum, in four lanes, of the
/// objects' checksums. A store whose rows do not add up to the digest of its head has lost or altered one.
record StateDigest(long a, long b, long c, long d) {

    static final StateDigest EMPTY = new StateDigest(0, 0, 0, 0);

    static StateDigest parse(String text) {
        var bytes = ByteBuffer.wrap(HexFormat.of().parseHex(text));
        return new StateDigest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    }

    StateDigest plus(HashCode checksum) {
        return plus(checksum.asBytes());
    }

    /// Adds a checksum as it stands in a row; what is no checksum at all counts as nothing, so that the sum differs.
    StateDigest plus(String checksum) {
        boolean readable = checksum.length() == 64 && checksum.chars().allMatch(HexFormat::isHexDigit);
        return readable ? plus(HexFormat.of().parseHex(checksum)) : this;
    }

    private StateDigest plus(byte[] checksum) {
        var bytes = ByteBuffer.wrap(checksum);
        return new StateDigest(a + bytes.getLong(), b + bytes.getLong(), c + bytes.getLong(), d + bytes.getLong());
    }

    StateDigest minus(HashCode checksum) {
        var bytes = ByteBuffer.wrap(checksum.asBytes());
        return new StateDigest(a - bytes.getLong(), b - bytes.getLong(), c - bytes.getLong(), d - bytes.getLong());
    }

    @Override
    public String toString() {
        var bytes = ByteBuffer.allocate(32).putLong(a).putLong(b).putLong(c).putLong(d);
        return HexFormat.of().formatHex(bytes.array());
    }
}
