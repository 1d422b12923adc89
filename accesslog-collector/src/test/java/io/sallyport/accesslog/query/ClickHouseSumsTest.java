package io.sallyport.accesslog.query;

import io.sallyport.accesslog.queue.KafkaSettings;
import io.sallyport.accesslog.storage.ClickHouseSettings;
import io.sallyport.accesslog.storage.ClickHouseStore;
import io.sallyport.accesslog.storage.LogStore;
import io.sallyport.accesslog.testing.TestClickHouse;

class ClickHouseSumsTest extends SumsContract {

    private final ClickHouseSettings settings;

    ClickHouseSumsTest() throws Exception {
        settings = TestClickHouse.database();
    }

    @Override
    LogStore open() throws Exception {
        return ClickHouseStore.open(settings, () -> now, KafkaSettings.TOPIC);
    }
}
