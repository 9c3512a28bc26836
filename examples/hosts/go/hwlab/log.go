package hwlab

// In a file of its own: what stands above C functions that Go exports is compiled twice.

// #include <hwlab/plugin.h>
import "C"

import "log"

// Log takes the lines of plugins; any goroutine, also during a call. To be set before Open.
var Log = func(level int, line string) { log.Print(line) }

//export hwlabGoLog
func hwlabGoLog(level C.int32_t, data *C.char, size C.size_t) {
	Log(int(level), C.GoStringN(data, C.int(size)))
}
