package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.config.v1.ConfigServiceGrpc;
import io.sallyport.proto.config.v1.StatusRequest;
import io.sallyport.proto.config.v1.StatusResponse;
import io.sallyport.runtime.rpc.Channels;
import io.sallyport.runtime.rpc.GrpcServer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ServiceClientsTest {

    @Test
    void aStartWaitsForWhoJudgesLongerThanOneCallMayTake() throws IOException {
        assertThat(awaitStatus(new FakeConfig(Status.DEADLINE_EXCEEDED, 2)).getRevision())
                .isEqualTo(7);
    }

    @Test
    void aStartDoesNotWaitForWhoIsAway() {
        assertThatThrownBy(() -> awaitStatus(new FakeConfig(Status.UNAVAILABLE, 1)))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessageContaining("UNAVAILABLE");
    }

    private static StatusResponse awaitStatus(FakeConfig config) throws IOException {
        var name = InProcessServerBuilder.generateName();
        try (var _ = GrpcServer.inProcess(name).serve(List.of(config)).start("config")) {
            var channel = Channels.inProcess(name);
            try {
                return new ServiceClients(channel).awaitStatus();
            } finally {
                channel.shutdownNow();
            }
        }
    }

    /// Answers some calls with an error, and those after them with revision 7.
    private static final class FakeConfig extends ConfigServiceGrpc.ConfigServiceImplBase {

        private final Status error;
        private final AtomicInteger errors;

        private FakeConfig(Status error, int errors) {
            this.error = error;
            this.errors = new AtomicInteger(errors);
        }

        @Override
        public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
            if (errors.getAndDecrement() > 0) {
                observer.onError(error.asRuntimeException());
                return;
            }
            observer.onNext(StatusResponse.newBuilder().setRevision(7).build());
            observer.onCompleted();
        }
    }
}
