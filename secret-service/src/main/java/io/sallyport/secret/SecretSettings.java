package io.sallyport.secret;

import java.nio.file.Path;
import java.util.Optional;

/// Where secret-service finds and keeps things.
///
/// @param directory is followed for secrets, if given
/// @param store a folder of its own: what is kept encrypted
/// @param masterKeyFile holds the key of the store; made if it is not there
/// @param masterKey the key itself in base64, instead of the file
public record SecretSettings(Optional<Path> directory, Path store, Path masterKeyFile, Optional<String> masterKey) {

    /// The environment variable that may hold the master key.
    public static final String MASTER_KEY_VARIABLE = "SALLYPORT_MASTER_KEY";

    /// For `up`, below its data folder.
    public static SecretSettings local(Path data, Path directory, Optional<String> masterKey) {
        var store = data.resolve("secrets");
        return new SecretSettings(Optional.of(directory), store, store.resolve("master.key"), masterKey);
    }

    /// The key is not for logs.
    @Override
    public String toString() {
        return "SecretSettings[directory=" + directory + ", store=" + store + "]";
    }
}
