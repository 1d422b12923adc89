package io.sallyport.config.kubernetes;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.thread.Invocable;

/// The bytes of a review, for which no thread waits: who sends a byte now and then holds up nobody. Only what was sent
/// is kept, for the network's own buffers are large however little is in them.
final class ReviewBody implements Invocable.Task {

    private final Content.Source content;
    private final int most;
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private ReviewBody(Content.Source content, int most) {
        this.content = content;
        this.most = most;
    }

    /// A body of more than `most` bytes, which is not read to its end.
    static final class TooLargeException extends IOException {

        private static final long serialVersionUID = 1L;
    }

    /// Reads it as it comes. Whoever gives up completes the future, and no more is read.
    static CompletableFuture<byte[]> read(Content.Source content, int most) {
        var body = new ReviewBody(content, most);
        body.run();
        return body.whole;
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.BLOCKING;
    }

    @Override
    public void run() {
        while (!whole.isDone()) {
            var chunk = content.read();
            if (chunk == null) {
                content.demand(this);
                return;
            }
            if (Content.Chunk.isFailure(chunk)) {
                whole.completeExceptionally(chunk.getFailure());
                return;
            }
            take(chunk);
            chunk.release();
        }
    }

    private void take(Content.Chunk chunk) {
        if (bytes.size() + chunk.remaining() > most) {
            whole.completeExceptionally(new TooLargeException());
            return;
        }
        var read = new byte[chunk.remaining()];
        chunk.getByteBuffer().get(read);
        bytes.writeBytes(read);
        if (chunk.isLast()) {
            whole.complete(bytes.toByteArray());
        }
    }
}
