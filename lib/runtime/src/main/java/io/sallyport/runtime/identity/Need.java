package io.sallyport.runtime.identity;

import com.google.protobuf.Message;
import java.util.List;
import java.util.function.Function;

/// What a method wants of its caller, services aside.
public sealed interface Need {

    /// Nothing: it tells nothing, and who asks cannot hold secrets.
    record Nothing() implements Need {}

    /// To be somebody.
    record Known() implements Need {}

    /// To be a workload: it is served what is its own, by its identity.
    record ToBeWorkload() implements Need {}

    /// Rights that follow from the request.
    ///
    /// @param words for the table: `get proxies.sallyport.io`
    record Rights(String words, Function<Message, List<Access>> of) implements Need {}

    /// Rights that the service itself asks for, as only it knows what the request is about; what the caller may
    /// not see is left out of the answer.
    record Inside(String words) implements Need {}
}
