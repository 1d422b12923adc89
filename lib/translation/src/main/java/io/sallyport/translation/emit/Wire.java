package io.sallyport.translation.emit;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/// Puts a message together from parts that are bytes already. Protobuf defines that messages written one behind the
/// other read as one merged message, so a table of hosts is the bytes of its head and of each host.
final class Wire {

    private Wire() {}

    /// A field that holds a message, as bytes of the message that holds it.
    static ByteString field(int number, ByteString message) {
        var bytes = new byte[CodedOutputStream.computeBytesSize(number, message)];
        var output = CodedOutputStream.newInstance(bytes);
        try {
            output.writeTag(number, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            output.writeBytesNoTag(message);
        } catch (IOException e) {
            throw new UncheckedIOException("an array of the right size is full", e);
        }
        return UnsafeByteOperations.unsafeWrap(bytes);
    }

    /// One behind the other, in one array.
    static ByteString join(List<ByteString> parts) {
        int size = 0;
        for (var part : parts) {
            size = Math.addExact(size, part.size());
        }
        var bytes = new byte[size];
        int at = 0;
        for (var part : parts) {
            part.copyTo(bytes, at);
            at += part.size();
        }
        return UnsafeByteOperations.unsafeWrap(bytes);
    }
}
