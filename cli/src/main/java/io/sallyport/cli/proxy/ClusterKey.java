package io.sallyport.cli.proxy;

/// The parts of a cluster's name: `outbound|80|v1|reviews.shop.svc.cluster.local`. Other names are kept whole as
/// `host`.
record ClusterKey(String direction, String port, String subset, String host) {

    static ClusterKey of(String name) {
        var parts = name.split("\\|", -1);
        return parts.length == 4
                ? new ClusterKey(parts[0], parts[1], parts[2], parts[3])
                : new ClusterKey("", "", "", name);
    }

    int portNumber() {
        return port.isEmpty() ? 0 : Integer.parseInt(port);
    }
}
