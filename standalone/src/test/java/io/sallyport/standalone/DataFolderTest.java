package io.sallyport.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.standalone.envoy.ProxyName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {

    @TempDir
    Path folder;

    @Test
    @Tag("V24")
    void isClosedToOthersEvenIfItWasOpen() throws Exception {
        var root = Files.createDirectory(
                folder.resolve("data"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxrwxrwx")));
        try (var _ = DataFolder.open(root)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root)))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void belongsToOneProcessWhichTheRefusalNames() throws Exception {
        var root = folder.resolve("data");
        try (var _ = DataFolder.open(root)) {
            assertThatThrownBy(() -> DataFolder.open(root))
                    .isInstanceOf(FolderInUseException.class)
                    .hasMessageContaining(
                            "in use by process " + ProcessHandle.current().pid())
                    .message()
                    .doesNotContain("\n");
        }
        DataFolder.open(root).close();
    }

    @Test
    void keepsSocketPathsShortUnderALongFolder() throws Exception {
        var root = folder.resolve("x".repeat(100)).resolve("data");
        try (var data = DataFolder.open(root)) {
            var socket = data.adminSocket(new ProxyName("istio-system", "istio-ingressgateway"));
            assertThat(socket.toString().length()).isLessThan(104);
            Files.writeString(socket, "");
            assertThat(root.resolve("admin").resolve(socket.getFileName())).exists();
            Files.delete(socket);
        }
    }

    @Test
    @Tag("V29")
    void takesNoNameThatLeavesItsFolder() {
        for (var name : new String[] {"..", "../x", "a/b", "", ".hidden", "A", "a\0b", "x".repeat(254)}) {
            assertThatThrownBy(() -> new ProxyName("default", name))
                    .as(name)
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
