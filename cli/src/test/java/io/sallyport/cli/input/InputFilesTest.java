package io.sallyport.cli.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.cli.CommandFailedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class InputFilesTest {

    @TempDir
    private Path folder = Path.of("");

    @Test
    void aDirectoryGivesWhatUpWouldRead() throws Exception {
        for (var name : List.of("b.yaml", "a.yml", "c.json", "d.txt", ".e.yaml", "f.yaml~", "g.yaml.part")) {
            Files.writeString(folder.resolve(name), "");
        }
        Files.createDirectory(folder.resolve("sub"));
        Files.writeString(folder.resolve("sub/h.yaml"), "");
        Files.createDirectory(folder.resolve(".git"));
        Files.writeString(folder.resolve(".git/i.yaml"), "");

        assertThat(names()).containsExactly("a.yml", "b.yaml", "c.json", "sub/h.yaml");
    }

    @Test
    void aLinkCountsOnlyInsideTheDirectory(@TempDir Path elsewhere) throws Exception {
        Files.writeString(elsewhere.resolve("out.yaml"), "");
        Files.createDirectory(folder.resolve("..data"));
        Files.writeString(folder.resolve("..data/in.yaml"), "");
        Files.createSymbolicLink(folder.resolve("in.yaml"), Path.of("..data/in.yaml"));
        Files.createSymbolicLink(folder.resolve("out.yaml"), elsewhere.resolve("out.yaml"));
        Files.createSymbolicLink(folder.resolve("gone.yaml"), Path.of("nowhere"));
        Files.createSymbolicLink(folder.resolve("loop.yaml"), Path.of("loop.yaml"));
        Files.createSymbolicLink(folder.resolve("self"), Path.of("."));

        assertThat(names()).containsExactly("in.yaml");
    }

    @Test
    @Tag("H4")
    void aMissingFileSaysWhatWasExpected() {
        assertThatThrownBy(() -> read("/nowhere/x.yaml"))
                .isInstanceOf(CommandFailedException.class)
                .hasMessage("/nowhere/x.yaml: no such file or directory"
                        + " (expected: a YAML or JSON file, a directory, or -)");
    }

    @Test
    @Tag("H4")
    @Timeout(5)
    void aPipeWithoutAWriterIsRefusedUnopened() throws Exception {
        var pipe = folder.resolve("pipe.yaml");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        assertThatThrownBy(() -> read(pipe.toString())).hasMessageContaining("not a regular file");
        assertThatThrownBy(() -> read(folder.toString())).hasMessageContaining("not a regular file");
    }

    @Test
    @Tag("H4")
    void aDeviceWithoutEndIsRefused() {
        assertThatThrownBy(() -> read("/dev/zero")).hasMessageContaining("not a regular file");
    }

    @Test
    @Tag("H4")
    void aSocketIsRefused() throws IOException {
        var socket = folder.resolve("s.yaml");
        try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));

            assertThatThrownBy(() -> read(socket.toString())).hasMessageContaining("not a regular file");
        }
    }

    @Test
    @Tag("H4")
    void aHugeFileIsKnownByItsSizeAlone() throws Exception {
        var huge = folder.resolve("huge.yaml");
        try (var file = new RandomAccessFile(huge.toFile(), "rw")) {
            file.setLength(1L << 30);
        }

        assertThat(read(huge.toString())).singleElement().matches(InputFile::isTooLarge);
    }

    @Test
    @Tag("H4")
    void standardInputWithoutEndIsNotReadToTheEnd() throws Exception {
        var endless = new InputStream() {
            @Override
            public int read() {
                return '#';
            }

            @Override
            public int read(byte[] buffer, int offset, int length) {
                return length;
            }
        };

        assertThat(InputFiles.read(List.of("-"), endless)).singleElement().matches(InputFile::isTooLarge);
    }

    private List<String> names() throws CommandFailedException {
        return read(folder.toString()).stream()
                .map(file -> folder.relativize(Path.of(file.name())).toString())
                .toList();
    }

    private static List<InputFile> read(String path) throws CommandFailedException {
        return InputFiles.read(List.of(path), InputStream.nullInputStream());
    }
}
