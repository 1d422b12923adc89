package io.sallyport.standalone;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.CanBeAnnotated.Predicates.annotatedWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Date;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The rules of the house that can be checked on classes: who may see whom, what may be called, how things are
/// named.
class LayersTest {

    private static final String[] SERVICES_AND_ABOVE = {
        "io.sallyport.config..",
        "io.sallyport.xds..",
        "io.sallyport.secret..",
        "io.sallyport.egress..",
        "io.sallyport.accesslog..",
        "io.sallyport.cli..",
        "io.sallyport.standalone.."
    };

    private static final Pattern BANNED_NAME =
            Pattern.compile("(Manager|Helper|Utils?|Impl|Info|Data|Context|Processor|Base)$");

    private static JavaClasses all;

    @BeforeAll
    static void read() {
        // What the rules ask about other people's classes is in their names.
        ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
        all = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                // The tests that other modules share come as a jar.
                .withImportOption(location -> !location.contains("-tests.jar"))
                .withImportOption(location -> !location.contains("io/sallyport/proto/"))
                .importPackages("io.sallyport");
    }

    @Test
    void modelSeesNothingOfOurs() {
        noClasses()
                .that(resideInAPackage("io.sallyport.model.."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.sallyport..")
                        .and(JavaClass.Predicates.resideOutsideOfPackage("io.sallyport.model..")))
                .check(all);
    }

    @Test
    void analysisSeesTheModelAlone() {
        noClasses()
                .that()
                .resideInAPackage("io.sallyport.analysis..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.sallyport.translation..", "io.sallyport.runtime..", "io.sallyport.proto..")
                .check(all);
        noClasses()
                .that()
                .resideInAPackage("io.sallyport.analysis..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SERVICES_AND_ABOVE)
                .check(all);
    }

    @Test
    void translationSeesNoService() {
        noClasses()
                .that()
                .resideInAPackage("io.sallyport.translation..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SERVICES_AND_ABOVE)
                .check(all);
    }

    @Test
    void runtimeKnowsNoGateway() {
        noClasses()
                .that()
                .resideInAPackage("io.sallyport.runtime..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.sallyport.model..", "io.sallyport.analysis..", "io.sallyport.translation..")
                .check(all);
    }

    @Test
    void servicesNeverSeeEachOther() {
        for (var service : new String[] {"config", "xds", "secret", "egress", "accesslog"}) {
            for (var other : new String[] {"config", "xds", "secret", "egress", "accesslog", "cli", "standalone"}) {
                if (!service.equals(other)) {
                    noClasses()
                            .that()
                            .resideInAPackage("io.sallyport." + service + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAnyPackage("io.sallyport." + other + "..")
                            .allowEmptyShould(true)
                            .check(all);
                }
            }
        }
    }

    @Test
    void followersKnowNoEnvoyAndNoService() {
        noClasses()
                .that()
                .resideInAPackage("io.sallyport.follow..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.sallyport.translation..")
                .check(all);
        noClasses()
                .that()
                .resideInAPackage("io.sallyport.follow..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SERVICES_AND_ABOVE)
                .check(all);
    }

    @Test
    void librariesArePure() {
        noClasses()
                .that()
                .resideInAnyPackage("io.sallyport.model..", "io.sallyport.analysis..", "io.sallyport.translation..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.nio.file..", "java.net.http..", "java.util.concurrent..", "org.slf4j..")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Thread.class)
                .check(all);
    }

    @Test
    void timeIsAnArgument() {
        noClasses()
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(LocalDate.class, "now")
                .orShould()
                .callMethod(LocalDateTime.class, "now")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callConstructor(Date.class)
                .check(all);
    }

    @Test
    void nobodySleeps() {
        noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", java.time.Duration.class)
                .check(all);
    }

    /// Configuration is compared with rules, never tried out: no process is started by who judges or serves it.
    @Test
    @Tag("V2")
    void nobodyRunsWhatItChecks() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "io.sallyport.model..",
                        "io.sallyport.analysis..",
                        "io.sallyport.translation..",
                        "io.sallyport.cli..",
                        "io.sallyport.config..",
                        "io.sallyport.xds..",
                        "io.sallyport.secret..",
                        "io.sallyport.egress..")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(ProcessBuilder.class)
                .orShould()
                .callMethod(Runtime.class, "exec", String.class)
                .orShould()
                .callMethod(Runtime.class, "exec", String[].class)
                .check(all);
    }

    @Test
    @Tag("V16")
    void regularExpressionsOfUsersAreRe2() {
        noClasses()
                .that()
                .resideInAnyPackage("io.sallyport.model..", "io.sallyport.analysis..", "io.sallyport.translation..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.regex..")
                .check(all);
    }

    @Test
    @Tag("V30")
    void nobodyLooksNamesUpElsewhere() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("javax.naming..", "javax.script..", "java.rmi..")
                .check(all);
    }

    @Test
    @Tag("V1")
    void nothingThatEnvoyReadsIsMadeFromTemplates() {
        noClasses()
                .that()
                .resideInAnyPackage("io.sallyport.translation.emit..", "io.sallyport.standalone.envoy..")
                .should()
                .callMethod(String.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(String.class, "formatted", Object[].class)
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.text.MessageFormat")
                .check(all);
    }

    @Test
    void namesSayWhatAThingIs() {
        var banned = new TreeSet<String>();
        for (var one : all.that(JavaClass.Predicates.resideOutsideOfPackage("io.sallyport.model.."))) {
            // The model's words are Istio's: it has a "PatchContext".
            if (BANNED_NAME.matcher(one.getSimpleName()).find()) {
                banned.add(one.getName());
            }
        }
        assertThat(banned).isEmpty();
    }

    @Test
    void packagesAreNamedForWhatTheyHold() {
        noClasses()
                .should()
                .resideInAnyPackage("..util..", "..utils..", "..common..", "..core..", "..impl..")
                .check(all);
    }

    @Test
    void everyPackageIsNullMarked() {
        var unmarked = new TreeSet<String>();
        for (var one : all) {
            JavaPackage home = one.getPackage();
            if (!annotatedWith(NullMarked.class).test(home)) {
                unmarked.add(home.getName());
            }
        }
        assertThat(unmarked).isEmpty();
    }

    @Test
    void topLevelTypesOfLibrariesHoldNoMutableStaticState() {
        classes()
                .that()
                .resideInAnyPackage("io.sallyport.model..", "io.sallyport.analysis..", "io.sallyport.translation..")
                .should(new OnlyFinalStatics())
                .check(all);
    }
}
