package io.sallyport.cli.inject;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.cli.ExitCode;
import io.sallyport.cli.Terminal;
import io.sallyport.cli.input.InputFiles;
import io.sallyport.kubernetes.inject.InjectionSettings;
import io.sallyport.kubernetes.inject.Injector;
import io.sallyport.kubernetes.inject.Outcome;
import io.sallyport.kubernetes.inject.PodTemplates;
import io.sallyport.runtime.Settings;
import io.sallyport.runtime.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `sallyport inject -f pod.yaml`: prints manifests with a client proxy in each pod. The same that the webhook does in
/// labelled namespaces, for those who want to see or to commit it. What is injected already stays as it is.
@Command(name = "inject", description = "Print manifests with a client proxy in each pod; needs no server.")
public final class InjectCommand implements Callable<Integer> {

    private static final long MOST_BYTES = 1 << 20;

    private final Terminal terminal;

    @Option(
            names = {"-f", "--filename"},
            paramLabel = "PATH",
            required = true,
            description = "Files, directories, or - for standard input.")
    private List<String> paths = new ArrayList<>();

    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NS",
            defaultValue = "default",
            description = "The namespace of pods that name none. Default: default.")
    private String namespace = "default";

    @Option(
            names = "--settings",
            paramLabel = "FILE",
            description = "injection.yaml of the ConfigMap sallyport-injection. Default: the defaults.")
    private @Nullable Path settings;

    @Option(
            names = "--authority",
            paramLabel = "FILE",
            description = "Who signs for the platform's services, PEM: ca.crt of the ConfigMap sallyport-ca."
                    + " Default: as the settings say.")
    private @Nullable Path authority;

    public InjectCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandFailedException {
        var injector = injector();
        var isRefused = false;
        var printed = new ArrayList<String>();
        for (var file : InputFiles.read(paths, terminal.in())) {
            if (file.isTooLarge()) {
                throw CommandFailedException.unable(file.name() + ": too large (expected: at most 64 MiB)");
            }
            try {
                var before = file.text();
                var manifest = ManifestText.read(file.name(), before);
                var changed = 0;
                for (int document = 0; document < manifest.size(); document++) {
                    for (var place : PodTemplates.of(manifest.json(document))) {
                        var outcome = injector.of(place.pod(), namespaceOf(place), owner(place));
                        changed += use(outcome, file.name() + ": " + place, manifest, document, place);
                        isRefused |= outcome instanceof Outcome.Refused;
                    }
                }
                printed.add(changed == 0 ? before : manifest.text(note -> terminal.complain("note: " + note)));
            } catch (ManifestText.UnreadableException e) {
                throw CommandFailedException.unable(String.valueOf(e.getMessage()));
            }
        }
        if (isRefused) {
            return ExitCode.NO;
        }
        terminal.printText(joined(printed));
        return ExitCode.OK;
    }

    private static String joined(List<String> files) {
        var all = new StringBuilder();
        for (var text : files) {
            all.append(all.isEmpty() || text.startsWith("---") ? "" : "---\n").append(text);
            if (!text.endsWith("\n")) {
                all.append('\n');
            }
        }
        return all.toString();
    }

    private String namespaceOf(PodTemplates.Place place) {
        return place.namespace().isEmpty() ? namespace : place.namespace();
    }

    // A Pod by itself says whose it is; a template does not.
    private static Optional<String> owner(PodTemplates.Place place) {
        return place.kind().equals("Pod") || place.name().isEmpty() ? Optional.empty() : Optional.of(place.name());
    }

    private int use(Outcome outcome, String what, ManifestText manifest, int document, PodTemplates.Place place)
            throws ManifestText.UnreadableException {
        return switch (outcome) {
            case Outcome.Injected(var additions, var remarks) -> {
                manifest.add(document, place.whole(additions));
                remarks.forEach(remark -> terminal.complain("note: " + what + ": " + remark));
                yield 1;
            }
            case Outcome.Left(var reason) -> {
                terminal.complain("note: " + what + " stays as it is: " + reason);
                yield 0;
            }
            case Outcome.Refused(var reasons) -> {
                reasons.forEach(reason -> terminal.complain("error: " + what + ": " + reason));
                yield 0;
            }
        };
    }

    private Injector injector() throws CommandFailedException {
        try {
            var wanted = settings == null
                    ? Settings.parse("", "", InjectionSettings.class)
                    : Settings.read(settings, InjectionSettings.class);
            return new Injector(wanted, authority(wanted));
        } catch (SettingsException | IllegalArgumentException e) {
            throw CommandFailedException.unable(String.valueOf(e.getMessage()));
        }
    }

    private String authority(InjectionSettings wanted) throws CommandFailedException {
        var said = wanted.authority();
        if (authority == null && said != null && said.pem() != null) {
            return said.pem();
        }
        var file = authority != null || said == null ? authority : said.file();
        if (file == null) {
            throw CommandFailedException.unable(
                    "the platform's authority is missing (expected: --authority FILE, with ca.crt of the ConfigMap"
                            + " sallyport-ca)");
        }
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw CommandFailedException.unable(file + ": larger than " + MOST_BYTES + " bytes");
            }
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw CommandFailedException.unable(
                    file + ": no such file (expected: --authority FILE, with ca.crt of the ConfigMap sallyport-ca)");
        } catch (IOException e) {
            throw CommandFailedException.unable(file + ": cannot be read: " + e.getMessage());
        }
    }
}
