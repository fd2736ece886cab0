package huiyin;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Operaton's engine behind its REST API, as its Spring Boot starter sets it up. Settings come as {@code --name=value}
 * arguments: the database, the port and where processes are deployed from.
 */
@SpringBootApplication
public class Rest {
    public static void main(String[] given) {
        SpringApplication.run(Rest.class, given);
    }
}
