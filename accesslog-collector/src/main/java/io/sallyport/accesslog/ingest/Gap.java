package io.sallyport.accesslog.ingest;

import org.apache.kafka.common.TopicPartition;

/// Rows that Kafka had taken and that no store will have.
///
/// @param first the offset of the first of them
/// @param next the first offset behind them
/// @param second of the record before them, seconds since 1970: when they begin, as nearly as it is known
public record Gap(TopicPartition partition, long first, long next, Cause cause, long second) {

    /// Why they are lost.
    public enum Cause {
        /// Kafka's retention, or an operator, was faster than the collector.
        DELETED("deleted_in_kafka"),
        /// What Kafka's disk holds is not what was written.
        CORRUPT("corrupt_in_kafka"),
        /// The topic was deleted, and made anew.
        TOPIC_GONE("topic_made_anew");

        private final String label;

        Cause(String label) {
            this.label = label;
        }

        /// In metrics and counts of losses.
        public String label() {
            return label;
        }
    }

    /// At most so many: transactions take offsets as well.
    public long rows() {
        return next - first;
    }
}
