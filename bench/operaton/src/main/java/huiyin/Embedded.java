package huiyin;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.operaton.bpm.engine.ProcessEngine;
import org.operaton.bpm.engine.ProcessEngineConfiguration;
import org.operaton.bpm.engine.task.Task;

/**
 * Operaton's engine in this process. Arguments: JDBC address, user, password, BPMN file, its process's key.
 *
 * <p>Each line read, {@code cases threads}, is a round: every thread starts its share of the cases and completes their
 * tasks one by one. A line is answered: seconds, cases, steps.
 */
public final class Embedded {
    private Embedded() {}

    public static void main(String[] given) throws Exception {
        ProcessEngineConfiguration settings = ProcessEngineConfiguration.createStandaloneProcessEngineConfiguration();
        settings.setJdbcUrl(given[0]);
        settings.setJdbcDriver(given[0].startsWith("jdbc:h2:") ? "org.h2.Driver" : "org.postgresql.Driver");
        settings.setJdbcUsername(given[1]);
        settings.setJdbcPassword(given[2]);
        settings.setDatabaseSchemaUpdate(ProcessEngineConfiguration.DB_SCHEMA_UPDATE_TRUE);
        settings.setJobExecutorActivate(false);
        settings.setJdbcMaxActiveConnections(32);
        ProcessEngine engine = settings.buildProcessEngine();
        String drawn = Files.readString(Path.of(given[3]), StandardCharsets.UTF_8);
        engine.getRepositoryService().createDeployment().addString("bench.bpmn", drawn).deploy();
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] asked = line.trim().split(" ");
            int cases = Integer.parseInt(asked[0]);
            int threads = Integer.parseInt(asked[1]);
            long began = System.nanoTime();
            int steps = round(engine, given[4], cases, threads);
            double seconds = (System.nanoTime() - began) / 1e9;
            System.out.println(String.format(Locale.ROOT, "%.6f %d %d", seconds, cases, steps));
        }
        engine.close();
    }

    private static int round(ProcessEngine engine, String key, int cases, int threads) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Integer>> shares = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int share = cases / threads + (thread < cases % threads ? 1 : 0);
                Callable<Integer> work = () -> {
                    int steps = 0;
                    for (int each = 0; each < share; each++) {
                        steps += play(engine, key);
                    }
                    return steps;
                };
                shares.add(pool.submit(work));
            }
            int steps = 0;
            for (Future<Integer> share : shares) {
                steps += share.get();
            }
            return steps;
        } finally {
            pool.shutdown();
        }
    }

    private static int play(ProcessEngine engine, String key) {
        String id = engine.getRuntimeService().startProcessInstanceByKey(key).getId();
        int steps = 0;
        while (true) {
            List<Task> open = engine.getTaskService().createTaskQuery().processInstanceId(id).list();
            if (open.isEmpty()) {
                return steps;
            }
            Map<String, Object> values = Map.of("note_" + steps, "x".repeat(50), "done_" + steps, true);
            engine.getTaskService().complete(open.get(0).getId(), values);
            steps++;
        }
    }
}
