package io.sallyport.cli.config;

import io.sallyport.cli.CommandFailedException;
import io.sallyport.proto.config.v1.ResourceRef;
import org.jspecify.annotations.Nullable;

/// An object on the command line: `cart` with `-n shop`, or `shop/cart`.
final class ObjectName {

    private ObjectName() {}

    static ResourceRef read(String kind, String name, @Nullable String namespace) throws CommandFailedException {
        var slash = name.indexOf('/');
        var inName = slash < 0 ? null : name.substring(0, slash);
        if (inName != null && namespace != null && !inName.equals(namespace)) {
            throw CommandFailedException.unable(
                    "two namespaces: \"" + inName + "\" in \"" + name + "\", and -n \"" + namespace + "\"");
        }
        var home = inName == null ? namespace : inName;
        return ResourceRef.newBuilder()
                .setKind(KindWord.read(kind).text())
                .setNamespace(home == null ? "default" : home)
                .setName(name.substring(slash + 1))
                .build();
    }

    static String written(ResourceRef ref) {
        return ref.getNamespace().isEmpty()
                ? ref.getKind() + " " + ref.getName()
                : ref.getKind() + " " + ref.getNamespace() + "/" + ref.getName();
    }
}
