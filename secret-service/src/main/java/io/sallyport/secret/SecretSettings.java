package io.sallyport.secret;

import io.sallyport.kubernetes.ClusterSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where secret-service finds and keeps things.
///
/// @param directory is followed for secrets, if given
/// @param kubernetes has them too, if given: the namespaces of the gateways and no others
/// @param store a folder of its own: what is kept encrypted
/// @param masterKeyFile holds the key of the store; made if it is not there
/// @param masterKey the key itself in base64, instead of the file
/// @param fileRoots folders that may hold certificates which gateways name by path
public record SecretSettings(
        Optional<Path> directory,
        Optional<ClusterSettings> kubernetes,
        Path store,
        Path masterKeyFile,
        Optional<String> masterKey,
        List<Path> fileRoots) {

    /// The environment variable that may hold the master key.
    public static final String MASTER_KEY_VARIABLE = "SALLYPORT_MASTER_KEY";

    /// The environment variable with the folders of mounted certificates, separated by colons.
    public static final String FILE_ROOTS_VARIABLE = "SALLYPORT_FILE_ROOTS";

    // Where Istio's documents mount them.
    private static final List<Path> USUAL_ROOTS = List.of(Path.of("/etc/istio"), Path.of("/etc/certs"));

    public SecretSettings {
        fileRoots = List.copyOf(fileRoots);
    }

    /// For `up`, below its data folder. Mounted certificates may stand below the directory, and in Istio's usual
    /// places unless `fileRoots` names others.
    public static SecretSettings local(
            Path data, Path directory, Optional<String> masterKey, Optional<List<Path>> fileRoots) {
        var store = data.resolve("secrets");
        var roots = new ArrayList<>(fileRoots.orElse(USUAL_ROOTS));
        roots.add(directory.toAbsolutePath().normalize());
        return new SecretSettings(
                Optional.of(directory), Optional.empty(), store, store.resolve("master.key"), masterKey, roots);
    }

    /// The key is not for logs.
    @Override
    public String toString() {
        return "SecretSettings[directory=" + directory + ", store=" + store + "]";
    }
}
