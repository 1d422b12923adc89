package io.sallyport.conformance;

import io.sallyport.testkit.cases.Case;
import io.sallyport.testkit.stack.GatewayStack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Every case below `cases/`, each over HTTP/1.1 and HTTP/2, through one running stack for each set of proxies.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoutingCasesTest {

    private final Map<String, GatewayStack> stacks = new LinkedHashMap<>();
    private Path scratch = Path.of("");
    private CaseRunner runner;

    @BeforeAll
    void keep(@TempDir Path directory) throws IOException {
        scratch = directory;
        runner = new CaseRunner(directory);
    }

    @AfterAll
    void stop() throws IOException {
        runner.close();
        stacks.values().forEach(GatewayStack::close);
    }

    @TestFactory
    Stream<DynamicTest> realEnvoyAgrees() throws IOException {
        var cases = Case.below(Path.of("src/test/resources/cases"));
        return cases.stream()
                .filter(example -> example.name().matches(".*(" + System.getProperty("sallyport.case", "") + ").*"))
                .map(example -> DynamicTest.dynamicTest(
                        example.name().replace('-', ' ') + " " + example.tags(), () -> run(example, cases)));
    }

    private void run(Case example, List<Case> cases) throws IOException {
        var stack = stacks.get(example.proxies());
        if (stack == null) {
            var directory = Files.createDirectories(scratch.resolve("stack-" + stacks.size()));
            runner.mountSecrets(cases, directory);
            stack = GatewayStack.start(directory, example.proxies());
            stacks.put(example.proxies(), stack);
        }
        try {
            runner.run(example, stack);
        } catch (AssertionError | IllegalStateException e) {
            // Reports know a dynamic test by its number alone.
            throw new AssertionError("case " + example.name() + ": " + e.getMessage(), e);
        }
    }
}
