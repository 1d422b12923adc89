package io.sallyport.cli.server;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.sallyport.proto.accesslog.v1.AccessLogServiceGrpc;
import io.sallyport.proto.accesslog.v1.CompareRequest;
import io.sallyport.proto.accesslog.v1.CompareResponse;
import io.sallyport.proto.accesslog.v1.Coverage;
import io.sallyport.proto.accesslog.v1.DistinctRequest;
import io.sallyport.proto.accesslog.v1.DistinctResponse;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import io.sallyport.proto.accesslog.v1.ExportResponse;
import io.sallyport.proto.accesslog.v1.HistogramRequest;
import io.sallyport.proto.accesslog.v1.HistogramResponse;
import io.sallyport.proto.accesslog.v1.TopRequest;
import io.sallyport.proto.accesslog.v1.TopResponse;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// An accesslog-collector without rows: it answers what a test tells it to, and remembers what it was asked.
public final class FakeLogService extends AccessLogServiceGrpc.AccessLogServiceImplBase {

    private CompareResponse comparison = CompareResponse.getDefaultInstance();
    private DistinctResponse number = DistinctResponse.getDefaultInstance();
    private HistogramResponse bars = HistogramResponse.getDefaultInstance();
    private TopResponse values = TopResponse.getDefaultInstance();
    private List<ExportResponse> pieces = List.of();
    private Object asked = "nothing";

    public void answer(CompareResponse response) {
        comparison = response;
    }

    public void answer(DistinctResponse response) {
        number = response;
    }

    public void answer(HistogramResponse response) {
        bars = response;
    }

    public void answer(TopResponse response) {
        values = response;
    }

    /// Answers exports: each piece, and at the end how complete it is.
    public void answer(Coverage coverage, String... data) {
        pieces = Stream.concat(
                        Arrays.stream(data)
                                .map(piece -> ExportResponse.newBuilder().setData(ByteString.copyFromUtf8(piece))),
                        Stream.of(ExportResponse.newBuilder().setCoverage(coverage)))
                .map(ExportResponse.Builder::build)
                .toList();
    }

    /// The last request.
    public Object asked() {
        return asked;
    }

    @Override
    public void compare(CompareRequest request, StreamObserver<CompareResponse> observer) {
        answer(request, comparison, observer);
    }

    @Override
    public void distinct(DistinctRequest request, StreamObserver<DistinctResponse> observer) {
        answer(request, number, observer);
    }

    @Override
    public void histogram(HistogramRequest request, StreamObserver<HistogramResponse> observer) {
        answer(request, bars, observer);
    }

    @Override
    public void top(TopRequest request, StreamObserver<TopResponse> observer) {
        answer(request, values, observer);
    }

    @Override
    public void export(ExportRequest request, StreamObserver<ExportResponse> observer) {
        asked = request;
        pieces.forEach(observer::onNext);
        observer.onCompleted();
    }

    private <T> void answer(Object request, T response, StreamObserver<T> observer) {
        asked = request;
        observer.onNext(response);
        observer.onCompleted();
    }
}
