package io.sallyport.cli.proxy;

/// Forms of an answer, as `istioctl` calls them.
enum OutputForm {
    SHORT,
    JSON
}
