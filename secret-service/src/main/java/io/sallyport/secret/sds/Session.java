package io.sallyport.secret.sds;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One stream's side of a discovery protocol. One response is outstanding at most: who has not answered gets the newest
/// state afterwards, not each state in between.
interface Session<Q, R> {

    /// Takes a request. Answers what the client says against the secret that it was sent last, if anything.
    Optional<Rejected> request(Q request) throws Refusal;

    /// What there is to say now; null: nothing.
    @Nullable R poll(Shelf shelf);

    /// The secret that was sent last, under the name that was asked for; empty: the last response had none.
    String resource();

    /// Whether the client has not said yet what it makes of the last response.
    boolean awaitsAnswer();

    Subscription subscription();

    /// A secret that the client could not use, and why.
    record Rejected(String resource, String reason) {}
}
