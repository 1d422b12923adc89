package io.sallyport.accesslog.http;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.sallyport.proto.accesslog.v1.TailResponse;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A live tail as server-sent events, by default `event: row` with a row as JSON, `event: skipped` with a
/// number. A comment goes out when nothing else does, so that both sides notice when the other has gone. When
/// the service ends it, as it does when the caller may not go on, `event: end` says why, as any other error
/// would. Source: WHATWG HTML, "Server-sent events".
public final class EventStream {

    private static final long HEARTBEAT_SECONDS = 10;
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();

    /// What the service said: a message, or how it ended.
    private record Said(@Nullable Message message, @Nullable Status end) {}

    private final Channel channel;
    private final MethodDescriptor<Message, Message> method;
    private final Form form;

    /// How rows are written.
    @FunctionalInterface
    public interface Form {
        /// Events, each with an empty line behind it; empty: there is nothing to say.
        String events(TailResponse rows) throws IOException;
    }

    EventStream(Channel channel, MethodDescriptor<Message, Message> method) {
        this(channel, method, EventStream::events);
    }

    private EventStream(Channel channel, MethodDescriptor<Message, Message> method, Form form) {
        this.channel = channel;
        this.method = method;
        this.form = form;
    }

    /// A tail in a form of one's own.
    public static EventStream tail(Channel channel, Form form) {
        return new EventStream(channel, Operations.tail(), form);
    }

    /// Sends until the client goes away or the service ends; throws what the service says before its first message.
    public void send(Message question, HttpServletResponse response) throws IOException {
        var said = new LinkedBlockingQueue<Said>();
        var call = channel.newCall(method, CallOptions.DEFAULT);
        call.start(new Listener(said), new Metadata());
        call.sendMessage(question);
        call.halfClose();
        call.request(1);
        try {
            follow(call, said, response);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            call.cancel("the client has gone", null);
        }
    }

    private void follow(ClientCall<Message, Message> call, BlockingQueue<Said> said, HttpServletResponse response)
            throws IOException, InterruptedException {
        var isOpen = false;
        while (true) {
            var next = said.poll(HEARTBEAT_SECONDS, TimeUnit.SECONDS);
            if (next != null && next.end() != null) {
                if (!isOpen) {
                    throw next.end().asRuntimeException();
                }
                if (!next.end().isOk()) {
                    write(response, "event: end\ndata: " + LogServlet.error(next.end()) + "\n\n");
                }
                return;
            }
            if (!isOpen) {
                isOpen = true;
                response.setStatus(200);
                response.setContentType("text/event-stream; charset=utf-8");
            }
            var events = next == null || !(next.message() instanceof TailResponse rows) ? "" : form.events(rows);
            write(response, events.isEmpty() ? ":\n\n" : events);
            if (next != null) {
                call.request(1);
            }
        }
    }

    private static String events(TailResponse rows) throws IOException {
        var text = new StringBuilder();
        for (var row : rows.getRowsList()) {
            text.append("event: row\ndata: ").append(PRINTER.print(row)).append("\n\n");
        }
        if (rows.getSkipped() > 0) {
            text.append("event: skipped\ndata: ").append(rows.getSkipped()).append("\n\n");
        }
        return text.toString();
    }

    private static void write(HttpServletResponse response, String text) throws IOException {
        response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        response.flushBuffer();
    }

    /// Hands over what comes, one message at a time.
    private static final class Listener extends ClientCall.Listener<Message> {

        private final BlockingQueue<Said> said;

        Listener(BlockingQueue<Said> said) {
            this.said = said;
        }

        @Override
        public void onMessage(Message message) {
            said.add(new Said(message, null));
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            said.add(new Said(null, status));
        }
    }
}
