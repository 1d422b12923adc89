package io.sallyport.testkit.net;

import java.util.Optional;

/// What a client got. `backend` is the echo server that answered; absent where the proxy answered by itself.
public record Reply(int status, Headers headers, String body) {

    public Optional<String> backend() {
        return headers.first(EchoServer.NAME_HEADER);
    }
}
