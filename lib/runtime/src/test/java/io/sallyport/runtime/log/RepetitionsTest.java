package io.sallyport.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Instant;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RepetitionsTest {

    private Instant now = Instant.parse("2026-11-22T10:00:00Z");
    private final LoggerContext context = new LoggerContext();
    private final ListAppender<ILoggingEvent> shown = new ListAppender<>();

    @BeforeEach
    void configure() {
        var repetitions = new Repetitions(() -> now);
        repetitions.setLibrary("org.apache.kafka.");
        repetitions.setContext(context);
        repetitions.start();
        context.addTurboFilter(repetitions);
        shown.setContext(context);
        shown.start();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(shown);
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    private void warn(String logger, String text) {
        context.getLogger(logger).warn(text);
    }

    private static final String CLIENT = "org.apache.kafka.clients.NetworkClient";

    @Test
    void theSameLineIsShownOnceAMinute() {
        for (var second = 0; second < 120; second++) {
            warn(CLIENT, "Connection to node " + second + " could not be established");
            warn(CLIENT, "Bootstrap broker disconnected");
            now = now.plusSeconds(1);
        }

        assertThat(shown.list)
                .extracting(ILoggingEvent::getMessage)
                .containsExactly(
                        "Connection to node 0 could not be established",
                        "Bootstrap broker disconnected",
                        "Connection to node 60 could not be established",
                        "Bootstrap broker disconnected");
    }

    @Test
    void otherLinesAreShownAsOftenAsTheyAreSaid() {
        context.getLogger(CLIENT).info("Cluster ID: x");
        context.getLogger(CLIENT).info("Cluster ID: x");
        warn("io.sallyport.accesslog.queue.KeptBroker", "Kafka ended");
        warn("io.sallyport.accesslog.queue.KeptBroker", "Kafka ended");
        warn("org.apache.kafka.common.Other", "Kafka ended");
        warn(CLIENT, "Kafka ended");

        assertThat(shown.list).hasSize(6);
    }

    @Test
    void whatIsRememberedIsBounded() {
        var letters = new ArrayList<String>();
        for (var i = 0; i < 1_001; i++) {
            letters.add("x".repeat(i + 1));
        }
        letters.forEach(text -> warn(CLIENT, text));
        warn(CLIENT, letters.getLast());
        warn(CLIENT, letters.getFirst());

        assertThat(shown.list).hasSize(1_002);
    }
}
