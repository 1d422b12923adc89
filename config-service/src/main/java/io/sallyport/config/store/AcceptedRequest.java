package io.sallyport.config.store;

import com.google.protobuf.ByteString;
import java.time.Instant;

/// The answer that a request with an id got, kept so that its repetition gets the same one.
/// `digest` is of the request's content: the same id with other content is somebody's mistake.
public record AcceptedRequest(String id, String digest, long revision, Instant time, ByteString response) {}
