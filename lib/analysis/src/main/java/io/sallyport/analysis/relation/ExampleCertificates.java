package io.sallyport.analysis.relation;

/// Certificates for the examples of rules, without their keys: nobody kept those.
final class ExampleCertificates {

    /// For `shop.test` and `*.api.test`, 2026 to 2045.
    static final String SHOP = """
                    -----BEGIN CERTIFICATE-----
                    MIIBYjCCAQigAwIBAgIJAOCR2YAY8fIuMAoGCCqGSM49BAMDMBQxEjAQBgNVBAMT
                    CXNob3AudGVzdDAeFw0yNjAxMDEwMDAwMDBaFw00NTEyMjcwMDAwMDBaMBQxEjAQ
                    BgNVBAMTCXNob3AudGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFIxyMiO
                    o779nUXSohrroRfxUFkeU5b4fWMZExfeTO09YFRKr4PPsYyiBvB5lQo8LWRlg86Q
                    okwALwfjsHViaxejQzBBMB0GA1UdDgQWBBSo9il2e7Hrf6SuuVXE9qJ5dNxZMDAg
                    BgNVHREEGTAXgglzaG9wLnRlc3SCCiouYXBpLnRlc3QwCgYIKoZIzj0EAwMDSAAw
                    RQIhAKjhllI01Pc9Wqfzl+654TZX7axoLlHEtw4K5degiA0dAiB1JBylhntQWOAN
                    j/lQbpVOyK2Cv1jYyqD1818bNRDMTQ==
                    -----END CERTIFICATE-----
                    """;

    /// For `shop.test`, in 2020.
    static final String OLD = """
                    -----BEGIN CERTIFICATE-----
                    MIIBUzCB+6ADAgECAghauuhkOeHN7DAKBggqhkjOPQQDAzAUMRIwEAYDVQQDEwlz
                    aG9wLnRlc3QwHhcNMjAwMTAxMDAwMDAwWhcNMjAxMjMxMDAwMDAwWjAUMRIwEAYD
                    VQQDEwlzaG9wLnRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARL/BwA2rI0
                    pW/4JevSPiiRlIeGSr9OIPudpKv0WgtXviIWzfPlxOcHi+cqbY95O5m7eGwLv242
                    vLD4VESunM+QozcwNTAdBgNVHQ4EFgQUIx45TRTMRADSrWC8lUrRfEdYFp4wFAYD
                    VR0RBA0wC4IJc2hvcC50ZXN0MAoGCCqGSM49BAMDA0cAMEQCIFPSUZZXMkTG1SB5
                    ZZQjH77YmEuBBXhcTZGmHMLipNKOAiBidJJIBGoEaag75cwW6e92iKtKRxFTF83o
                    WWo+k1zl0A==
                    -----END CERTIFICATE-----
                    """;

    /// For `good.test` by its common name alone, which clients do not look at.
    static final String COMMON = """
                    -----BEGIN CERTIFICATE-----
                    MIIBfTCCASOgAwIBAgIUAPQxdgVNeu8CYPV0X47z2UTr/CEwCgYIKoZIzj0EAwIw
                    FDESMBAGA1UEAwwJZ29vZC50ZXN0MB4XDTI2MTEyMTIwNTU1OVoXDTQ2MDEyMDIw
                    NTU1OVowFDESMBAGA1UEAwwJZ29vZC50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
                    AQcDQgAEAAOPWfjwd69C20A/KPMmL1vhpJtV3o60IlRHIiyM9CWCETUJP1HdeQKw
                    XRfcDgDITb7Nv3DGJBrgPnMBmmi/U6NTMFEwHQYDVR0OBBYEFG7DZ+gOrwXL2u1/
                    jtzr9izqcQkaMB8GA1UdIwQYMBaAFG7DZ+gOrwXL2u1/jtzr9izqcQkaMA8GA1Ud
                    EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAKCUt20jq+StW8GBheYpbS8h
                    VxxPWl7Lbwa57UcJILP+AiAYHq71jSo5K8gqmnGH1ZkC3V/FM4Rw01HeUr+qUyup
                    fw==
                    -----END CERTIFICATE-----
                    """;

    private ExampleCertificates() {}

    /// A TLS Secret as a document, with the `---` behind it.
    static String secret(String namespace, String name, String certificate) {
        return "apiVersion: v1\nkind: Secret\nmetadata: {namespace: %s, name: %s}\ntype: kubernetes.io/tls\nstringData:\n  tls.key: \"\"\n  tls.crt: |\n%s---\n"
                .formatted(namespace, name, certificate.indent(4));
    }
}
