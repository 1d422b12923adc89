package io.sallyport.accesslog.http;

import com.google.common.collect.ImmutableMap;
import com.google.gson.JsonObject;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.sallyport.accesslog.http.Parameters.BadRequestException;
import io.sallyport.proto.accesslog.v1.ExportRequest;
import io.sallyport.proto.accesslog.v1.ExportResponse;
import io.sallyport.runtime.http.BodyRoom;
import io.sallyport.runtime.identity.ShownCertificates;
import io.sallyport.runtime.telemetry.TraceParent;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Answers `GET /accesslog/v1/search?filter=…` and `POST /accesslog/v1/search` with proto3 JSON, and so for
/// every method of the service. It calls the service as gRPC callers do, with the caller's own token or the
/// certificate of the caller's connection, so that nobody sees more here.
public final class LogServlet extends HttpServlet {

    /// Where it answers.
    public static final String PATH = "/accesslog/v1";

    private static final long serialVersionUID = 1L;

    /// Most bytes of a question.
    static final int MAX_BODY = 1 << 20;

    static final String JSON_LINES = "application/x-ndjson";
    static final String CSV = "text/csv";
    static final String PARQUET = "application/vnd.apache.parquet";

    private static final String DOCUMENT = "openapi.json";
    private static final String QUESTION_METHODS = "GET, POST, OPTIONS";
    private static final String DOCUMENT_METHODS = "GET, OPTIONS";
    private static final long PATIENCE_SECONDS = 60;
    private static final long EXPORT_SECONDS = 600;
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> TRACE =
            Metadata.Key.of(TraceParent.HEADER, Metadata.ASCII_STRING_MARSHALLER);

    // Where a connection with TLS leaves its verified chain (Jakarta Servlet 6.0, section 3.10).
    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

    private static final ImmutableMap<Status.Code, Integer> CODES = ImmutableMap.<Status.Code, Integer>builder()
            .put(Status.Code.INVALID_ARGUMENT, 400)
            .put(Status.Code.UNAUTHENTICATED, 401)
            .put(Status.Code.PERMISSION_DENIED, 403)
            .put(Status.Code.NOT_FOUND, 404)
            .put(Status.Code.RESOURCE_EXHAUSTED, 429)
            .put(Status.Code.UNAVAILABLE, 503)
            .put(Status.Code.DEADLINE_EXCEEDED, 504)
            .buildOrThrow();

    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();

    private final transient Channel service;
    private final transient BodyRoom bodies = new BodyRoom();

    public LogServlet(Channel service) {
        this.service = service;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        var path = request.getPathInfo() == null ? "" : request.getPathInfo().substring(1);
        var operation = Operations.ALL.get(path);
        if (operation == null && !path.equals(DOCUMENT)) {
            error(
                    response,
                    404,
                    "NOT_FOUND",
                    "\"" + path + "\" (expected: one of " + DOCUMENT + ", " + String.join(", ", Operations.ALL.keySet())
                            + ")");
            return;
        }
        var allowed = operation == null ? DOCUMENT_METHODS : QUESTION_METHODS;
        var method = request.getMethod();
        if (operation != null && (method.equals("GET") || method.equals("POST"))) {
            answer(operation, request, response);
        } else if (operation == null && method.equals("GET")) {
            json(response, 200, OpenApi.text());
        } else {
            response.setHeader("Allow", allowed);
            if (method.equals("OPTIONS")) {
                response.setStatus(204);
            } else {
                error(response, 405, "UNIMPLEMENTED", "method " + method + " (expected: one of " + allowed + ")");
            }
        }
    }

    private void answer(Operations.Operation operation, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        try {
            var question =
                    request.getMethod().equals("GET") ? parameters(operation, request) : body(operation, request);
            var channel = as(request);
            if (!operation.isStream()) {
                var answer = ClientCalls.blockingUnaryCall(
                        channel, operation.method(), patience(PATIENCE_SECONDS), question);
                json(response, 200, PRINTER.print(answer) + "\n");
            } else if (question instanceof ExportRequest export) {
                export(channel, operation, export, response);
            } else {
                new EventStream(channel, operation.method()).send(question, response);
            }
        } catch (BadRequestException e) {
            error(response, e.status(), e.code(), String.valueOf(e.getMessage()));
        } catch (StatusRuntimeException e) {
            fail(response, e.getStatus());
        }
    }

    private static CallOptions patience(long seconds) {
        return CallOptions.DEFAULT.withDeadlineAfter(seconds, TimeUnit.SECONDS);
    }

    private Channel as(HttpServletRequest request) {
        var headers = new Metadata();
        Collections.list(request.getHeaders("Authorization")).forEach(token -> headers.put(AUTHORIZATION, token));
        var trace = request.getHeader(TraceParent.HEADER);
        if (trace != null) {
            headers.put(TRACE, trace);
        }
        if (request.getAttribute(CERTIFICATES) instanceof X509Certificate[] chain && chain.length > 0) {
            if (!headers.containsKey(AUTHORIZATION) && isOfAnotherSite(request)) {
                throw Status.PERMISSION_DENIED
                        .withDescription("a page of another site asks (expected: a token, or no Origin but our own)")
                        .asRuntimeException();
            }
            ShownCertificates.attach(headers, List.of(chain));
        }
        return ClientInterceptors.intercept(service, MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    // A browser shows a certificate whoever makes it ask, unlike a token.
    private static boolean isOfAnotherSite(HttpServletRequest request) {
        var origin = request.getHeader("Origin");
        return (origin != null && !origin.equals("https://" + request.getHeader("Host")))
                || "cross-site".equals(request.getHeader("Sec-Fetch-Site"));
    }

    private static Message parameters(Operations.Operation operation, HttpServletRequest request)
            throws BadRequestException {
        var type = operation.descriptor().getInputType();
        return read(operation, Parameters.json(type, request.getParameterMap()).toString());
    }

    private Message body(Operations.Operation operation, HttpServletRequest request) throws BadRequestException {
        if (request.getQueryString() != null) {
            throw new BadRequestException("a POST with parameters (expected: all of the question in its body)");
        }
        var bytes = bytes(request);
        if (bytes.length > MAX_BODY) {
            throw BadRequestException.tooLarge("body of more than " + MAX_BODY + " bytes (expected: a question)");
        }
        var text = new String(bytes, StandardCharsets.UTF_8);
        return read(operation, text.isBlank() ? "{}" : text);
    }

    private byte[] bytes(HttpServletRequest request) throws BadRequestException {
        try {
            return bodies.read(() -> request.getInputStream().readNBytes(MAX_BODY + 1))
                    .orElseThrow(() -> Status.RESOURCE_EXHAUSTED
                            .withDescription(
                                    "too many bodies at once (expected: later, or the question in the address)")
                            .asRuntimeException());
        } catch (IOException e) {
            // Whoever sends slowly must not fill our log.
            throw new BadRequestException("the body broke off (expected: all of it)");
        }
    }

    private static Message read(Operations.Operation operation, String json) throws BadRequestException {
        var request = operation.request();
        try {
            JsonFormat.parser().merge(json, request);
            return request.build();
        } catch (InvalidProtocolBufferException e) {
            // The reader of JSON puts the class of its error before it.
            var message = String.valueOf(e.getMessage()).replaceFirst("^[a-zA-Z.]+Exception: ", "");
            throw new BadRequestException(message, request, e);
        }
    }

    private static void export(
            Channel channel, Operations.Operation operation, ExportRequest question, HttpServletResponse response)
            throws IOException {
        // A caller who goes away ends the call, and with it the engine's work.
        try (var untilGone = Context.current().withCancellation()) {
            var pieces = pieces(channel, operation, question, untilGone);
            // The first piece tells whether the question is one, so the answer's status waits for it.
            var isFirst = true;
            while (pieces.hasNext()) {
                if (isFirst) {
                    isFirst = false;
                    response.setStatus(200);
                    response.setContentType(contentType(question.getFormat()));
                }
                ((ExportResponse) pieces.next()).getData().writeTo(response.getOutputStream());
            }
            if (isFirst) {
                response.setContentType(contentType(question.getFormat()));
            }
        }
    }

    private static Iterator<Message> pieces(
            Channel channel, Operations.Operation operation, Message question, Context context) {
        var before = context.attach();
        try {
            return ClientCalls.blockingServerStreamingCall(
                    channel, operation.method(), patience(EXPORT_SECONDS), question);
        } finally {
            context.detach(before);
        }
    }

    private static String contentType(ExportRequest.Format format) {
        return switch (format) {
            case CSV -> CSV + "; charset=utf-8";
            case PARQUET -> PARQUET;
            case JSON_LINES, FORMAT_UNSPECIFIED, UNRECOGNIZED -> JSON_LINES;
        };
    }

    private static void fail(HttpServletResponse response, Status status) throws IOException {
        if (response.isCommitted()) {
            // The caller must not take a part for the whole: the connection is cut.
            throw new IOException("answer ended early: " + status.getDescription());
        }
        if (status.getCode() == Status.Code.UNAUTHENTICATED) {
            response.setHeader("WWW-Authenticate", "Bearer");
        }
        json(response, CODES.getOrDefault(status.getCode(), 500), error(status) + "\n");
    }

    private static void error(HttpServletResponse response, int status, String code, String message)
            throws IOException {
        json(response, status, error(code, message) + "\n");
    }

    /// As every error is written: `{"code":"UNAUTHENTICATED","message":"…"}`.
    static JsonObject error(Status status) {
        return error(status.getCode().name(), String.valueOf(status.getDescription()));
    }

    private static JsonObject error(String code, String message) {
        var json = new JsonObject();
        json.addProperty("code", code);
        json.addProperty("message", message);
        return json;
    }

    private static void json(HttpServletResponse response, int status, String text) throws IOException {
        response.setStatus(status);
        response.setContentType("application/json");
        response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }
}
