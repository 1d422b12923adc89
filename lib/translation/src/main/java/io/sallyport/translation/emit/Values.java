package io.sallyport.translation.emit;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.type.v3.FractionalPercent;
import io.sallyport.translation.plan.Percent;
import io.sallyport.translation.plan.Timeout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.SortedMap;

/// Small values in protobuf's words, and bytes that are equal whenever messages are.
final class Values {

    private static final String TYPE_PREFIX = "type.googleapis.com/";

    private Values() {}

    /// Serialises with maps in order of their keys, in every process alike.
    static ByteString bytes(Message message) {
        var bytes = new byte[message.getSerializedSize()];
        var output = CodedOutputStream.newInstance(bytes);
        output.useDeterministicSerialization();
        try {
            message.writeTo(output);
            output.checkNoSpaceLeft();
        } catch (IOException e) {
            throw new UncheckedIOException("an array of the right size is full", e);
        }
        return UnsafeByteOperations.unsafeWrap(bytes);
    }

    static Any pack(Message message) {
        return Any.newBuilder()
                .setTypeUrl(TYPE_PREFIX + message.getDescriptorForType().getFullName())
                .setValue(bytes(message))
                .build();
    }

    static BoolValue bool(boolean value) {
        return BoolValue.of(value);
    }

    /// An unsigned number of 32 bits, which protobuf keeps in Java's signed one.
    static UInt32Value uint32(long value) {
        if (value < 0 || value > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("value: " + value + " (expected: 0 to 4294967295)");
        }
        return UInt32Value.of((int) value);
    }

    static Duration duration(java.time.Duration duration) {
        return Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }

    /// Where no limit is spelled as zero.
    static Duration zeroIfNone(Timeout timeout) {
        return switch (timeout) {
            case Timeout.None() -> Duration.getDefaultInstance();
            case Timeout.After(var duration) -> duration(duration);
        };
    }

    static FractionalPercent percent(Percent percent) {
        return FractionalPercent.newBuilder()
                .setNumerator(percent.millionths())
                .setDenominator(FractionalPercent.DenominatorType.MILLION)
                .build();
    }

    static Struct texts(SortedMap<String, String> texts) {
        var struct = Struct.newBuilder();
        for (Map.Entry<String, String> entry : texts.entrySet()) {
            struct.putFields(
                    entry.getKey(),
                    Value.newBuilder().setStringValue(entry.getValue()).build());
        }
        return struct.build();
    }

    /// The stream on which the resource that says so came.
    static ConfigSource ads() {
        return ConfigSource.newBuilder()
                .setAds(AggregatedConfigSource.getDefaultInstance())
                .setResourceApiVersion(ApiVersion.V3)
                .build();
    }

    /// As [#ads], and wait for an answer as long as it takes.
    static ConfigSource patientAds() {
        return ads().toBuilder()
                .setInitialFetchTimeout(Duration.getDefaultInstance())
                .build();
    }
}
