/// Certificates and a TLS client for tests, both by the tools that users have: `openssl` and `curl`.
@org.jspecify.annotations.NullMarked
package io.sallyport.testkit.tls;
