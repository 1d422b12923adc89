package io.sallyport.cli.server;

import io.grpc.stub.StreamObserver;
import io.sallyport.proto.egress.v1.AuditRequest;
import io.sallyport.proto.egress.v1.AuditResponse;
import io.sallyport.proto.egress.v1.CoverageRequest;
import io.sallyport.proto.egress.v1.CoverageResponse;
import io.sallyport.proto.egress.v1.EgressPolicyServiceGrpc;
import io.sallyport.proto.egress.v1.EvaluateRequest;
import io.sallyport.proto.egress.v1.EvaluateResponse;
import io.sallyport.proto.egress.v1.ListExternalServicesRequest;
import io.sallyport.proto.egress.v1.ListExternalServicesResponse;
import io.sallyport.proto.egress.v1.LockdownRequest;
import io.sallyport.proto.egress.v1.LockdownResponse;
import io.sallyport.proto.egress.v1.SuggestRequest;
import io.sallyport.proto.egress.v1.SuggestResponse;

/// An egress-policy-service that judges nothing: it answers what a test tells it to, and remembers what it was asked.
public final class FakeEgressService extends EgressPolicyServiceGrpc.EgressPolicyServiceImplBase {

    private EvaluateResponse verdict = EvaluateResponse.getDefaultInstance();
    private ListExternalServicesResponse services = ListExternalServicesResponse.getDefaultInstance();
    private CoverageResponse coverage = CoverageResponse.getDefaultInstance();
    private AuditResponse audit = AuditResponse.getDefaultInstance();
    private SuggestResponse suggestion = SuggestResponse.getDefaultInstance();
    private LockdownResponse lockdown = LockdownResponse.getDefaultInstance();
    private Object asked = "nothing";

    public void answer(EvaluateResponse response) {
        verdict = response;
    }

    public void answer(ListExternalServicesResponse response) {
        services = response;
    }

    public void answer(CoverageResponse response) {
        coverage = response;
    }

    public void answer(AuditResponse response) {
        audit = response;
    }

    public void answer(SuggestResponse response) {
        suggestion = response;
    }

    public void answer(LockdownResponse response) {
        lockdown = response;
    }

    /// The last request.
    public Object asked() {
        return asked;
    }

    @Override
    public void evaluate(EvaluateRequest request, StreamObserver<EvaluateResponse> observer) {
        answer(request, verdict, observer);
    }

    @Override
    public void listExternalServices(
            ListExternalServicesRequest request, StreamObserver<ListExternalServicesResponse> observer) {
        answer(request, services, observer);
    }

    @Override
    public void coverage(CoverageRequest request, StreamObserver<CoverageResponse> observer) {
        answer(request, coverage, observer);
    }

    @Override
    public void audit(AuditRequest request, StreamObserver<AuditResponse> observer) {
        answer(request, audit, observer);
    }

    @Override
    public void lockdown(LockdownRequest request, StreamObserver<LockdownResponse> observer) {
        answer(request, lockdown, observer);
    }

    @Override
    public void suggest(SuggestRequest request, StreamObserver<SuggestResponse> observer) {
        answer(request, suggestion, observer);
    }

    private <T> void answer(Object request, T response, StreamObserver<T> observer) {
        asked = request;
        observer.onNext(response);
        observer.onCompleted();
    }
}
