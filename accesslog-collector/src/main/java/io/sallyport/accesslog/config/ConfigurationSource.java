package io.sallyport.accesslog.config;

import io.sallyport.proto.config.v1.Resource;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;

/// What the collector asks the other services: which objects there were, which proxy ran which revision, and which
/// certificate a secret has had. An answer that does not come is an empty one: a row is never held up for it.
public interface ConfigurationSource {

    /// Where there is nobody to ask: rows keep what the proxy itself wrote.
    ConfigurationSource NONE = new ConfigurationSource() {
        @Override
        public List<Resource> object(String kind, String namespace, String name, OptionalLong revision) {
            return List.of();
        }

        @Override
        public List<Running> running() {
            return List.of();
        }

        @Override
        public List<Certificate> certificates(String namespace) {
            return List.of();
        }

        @Override
        public List<Resource> all(String kind, int limit) {
            return List.of();
        }
    };

    /// The object as it was at a revision, or as it is now; none or one.
    List<Resource> object(String kind, String namespace, String name, OptionalLong revision);

    /// What each connected proxy runs.
    List<Running> running();

    /// The certificates that secrets of a namespace have now.
    List<Certificate> certificates(String namespace);

    /// The objects of a kind, at most so many.
    List<Resource> all(String kind, int limit);

    /// One proxy has acknowledged a revision.
    ///
    /// @param since no later than when it was told
    record Running(String namespace, String name, long revision, Instant since) {}

    /// One secret has had a certificate since a time.
    record Certificate(String namespace, String secret, String serial, String subject, Instant since) {}
}
