package io.sallyport.standalone;

import com.google.protobuf.ByteString;
import io.grpc.BindableService;
import io.sallyport.config.api.ConfigGrpcService;
import io.sallyport.config.api.Refusals;
import io.sallyport.config.api.WatchBounds;
import io.sallyport.config.store.ChangeRequest;
import io.sallyport.config.store.Document;
import io.sallyport.config.store.DocumentReader;
import io.sallyport.config.store.Owner;
import io.sallyport.config.store.RevisionLog;
import io.sallyport.config.store.StoreSettings;
import io.sallyport.config.store.StoreUnavailableException;
import io.sallyport.model.ConfigObject;
import io.sallyport.model.SourceDocument;
import io.sallyport.model.read.DocumentResult;
import io.sallyport.model.read.YamlReader;
import io.sallyport.runtime.Lifecycle;
import io.sallyport.runtime.metric.Metrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// config-service as `up` and `service config` start it.
final class ConfigPart {
    private final ConfigGrpcService service;

    private ConfigPart(ConfigGrpcService service) {
        this.service = service;
    }

    static ConfigPart start(
            Lifecycle lifecycle, StoreSettings store, Optional<Path> directory, InstantSource clock, Metrics metrics)
            throws IOException {
        var reader = new DocumentReader() {
            private final YamlReader yaml = new YamlReader();

            @Override
            public File readFile(String name, byte[] content) {
                var r = yaml.read(name, content);
                return new File(r.documents().stream().map(this::doc).toList(), r.fileFindings());
            }

            @Override
            public Document read(SourceDocument source) {
                return doc(yaml.readDocument(source));
            }

            private Document doc(DocumentResult d) {
                return new Document(
                        d.source(), Optional.ofNullable(d.ref()), Optional.ofNullable(d.object()), d.findings());
            }
        };
        try {
            var log = lifecycle.started("log", RevisionLog.open(store, reader, _ -> ByteString.EMPTY, clock));
            var objects = new ArrayList<ConfigObject<?>>();
            try (var files = Files.walk(directory.orElseThrow())) {
                for (var file :
                        files.filter(f -> f.toString().endsWith(".yaml")).toList()) {
                    reader.readFile(file.getFileName().toString(), Files.readAllBytes(file))
                            .documents()
                            .forEach(d -> d.object().ifPresent(objects::add));
                }
            }
            log.submit(new ChangeRequest(
                    Owner.DIRECTORY,
                    "directory",
                    "",
                    objects,
                    List.of(),
                    OptionalLong.empty(),
                    false,
                    Optional.empty()));
            return new ConfigPart(lifecycle.started(
                    "config", new ConfigGrpcService(log, reader, Refusals.NONE, WatchBounds.DEFAULT, clock)));
        } catch (StoreUnavailableException | InterruptedException e) {
            throw new IOException(e);
        }
    }

    List<BindableService> api() {
        return List.of(service.bound());
    }

    Optional<String> missing() {
        return Optional.empty();
    }
}
