package io.sallyport.broker;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/// Runs Kafka's own server in KRaft mode, `Main FOLDER/server.properties`: formats its folder on the first
/// start, and ends when its standard input does. The parent holds the other end, so that no broker outlives a
/// parent that was killed.
public final class Main {

    private static final int NODE = 1;

    private Main() {}

    /// Starts it; `started` on standard output says that requests are answered.
    static void main(String[] arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: broker FILE (expected: a properties file)");
            System.exit(2);
        }
        var properties = new Properties();
        properties.load(new StringReader(Files.readString(Path.of(arguments[0]))));
        var folder = Path.of(properties.getProperty("log.dirs"));
        if (!Files.exists(folder.resolve("meta.properties"))) {
            format(folder);
        }
        var server = new KafkaRaftServer(KafkaConfig.fromProps(properties, false), Time.SYSTEM);
        server.startup();
        System.out.println("started");
        System.out.flush();
        while (System.in.read() >= 0) {
            // Whatever the parent writes means nothing; that it ends does.
        }
        server.shutdown();
        server.awaitShutdown();
    }

    private static void format(Path folder) throws Exception {
        Files.createDirectories(folder);
        new Formatter()
                .setClusterId(Uuid.randomUuid().toString())
                .setNodeId(NODE)
                .addDirectory(folder.toString())
                .setMetadataLogDirectory(folder.toString())
                .setControllerListenerName("CONTROLLER")
                .setUnstableFeatureVersionsEnabled(false)
                .setIgnoreFormatted(true)
                .setPrintStream(
                        new java.io.PrintStream(java.io.OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .run();
    }
}
