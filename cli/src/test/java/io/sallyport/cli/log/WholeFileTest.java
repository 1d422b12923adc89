package io.sallyport.cli.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeFileTest {

    @TempDir
    private Path folder = Path.of("");

    @Test
    void whatFailsMidwayLeavesTheFileAsItWas() throws IOException {
        var file = Files.writeString(folder.resolve("rows.parquet"), "before");

        assertThatThrownBy(() -> new WholeFile(file).write(out -> {
                    out.write('x');
                    throw Status.UNAVAILABLE.asRuntimeException();
                }))
                .hasMessage("UNAVAILABLE");

        assertThat(file).hasContent("before");
        assertThat(folder).isDirectoryContaining(each -> each.equals(file)).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void whatIsWrittenTakesThePlaceOfTheOldFile() throws IOException {
        var file = Files.writeString(folder.resolve("rows.parquet"), "before");
        var link = Files.createSymbolicLink(folder.resolve("link"), file);

        new WholeFile(link).write(out -> out.write("after".getBytes(StandardCharsets.UTF_8)));

        assertThat(file).hasContent("after");
        assertThat(link).isSymbolicLink();
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }
}
