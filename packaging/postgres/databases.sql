-- Beside mlflow, which POSTGRES_DB makes: Feast's registry, and live events until they lie in the log.
CREATE DATABASE feast;
CREATE DATABASE inbox;
