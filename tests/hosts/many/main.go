// many LIBRARY SECTION N: N goroutines at once, each with a conversation of its own.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"../../../examples/hosts/go/hwlab"
)

const messagesOfEach = 3

var overloaded atomic.Int64

// A call that finds too much waiting may be made again; everything else is a failure.
func patiently(call func() error) error {
	for {
		err := call()
		var failed *hwlab.Error
		if !errors.As(err, &failed) || failed.Status != "OVERLOADED" {
			return err
		}
		overloaded.Add(1)
		time.Sleep(10 * time.Millisecond)
	}
}

func converse(plugin *hwlab.Plugin, number int) error {
	var conversation string
	err := patiently(func() (err error) {
		conversation, err = plugin.CreateConversation(fmt.Sprint("model ", number), 0)
		return err
	})
	if err != nil {
		return err
	}
	content := func(i int) string { return fmt.Sprintf("goroutine %d says %d", number, i) }
	for i := 1; i <= messagesOfEach; i++ {
		err := patiently(func() error {
			seq, err := plugin.AddMessage(conversation, hwlab.Message{Role: "user", Content: content(i)}, 0)
			if err == nil && seq != int64(i) {
				err = fmt.Errorf("goroutine %d: message %d has seq %d", number, i, seq)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	var thread []hwlab.Message
	err = patiently(func() (err error) {
		thread, err = plugin.Thread(conversation, 0)
		return err
	})
	if err != nil {
		return err
	}
	if len(thread) != messagesOfEach {
		return fmt.Errorf("goroutine %d reads %d messages", number, len(thread))
	}
	for i, message := range thread {
		if message.Content != content(i+1) || message.Seq != int64(i+1) {
			return fmt.Errorf("goroutine %d reads %d: %s", number, message.Seq, message.Content)
		}
	}
	return nil
}

func main() {
	count, err := strconv.Atoi(os.Args[3])
	if err != nil {
		panic(err)
	}
	plugin, err := hwlab.Open(os.Args[1], os.Args[2], "many")
	if err != nil {
		panic(err)
	}
	var failures atomic.Int64
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for number := 0; number < count; number++ {
		ready.Add(1)
		done.Add(1)
		go func(number int) {
			defer done.Done()
			ready.Done()
			<-start
			if err := converse(plugin, number); err != nil {
				failures.Add(1)
				fmt.Fprintln(os.Stderr, err)
			}
		}(number)
	}
	ready.Wait()
	close(start)
	done.Wait()
	if err := plugin.Close(5 * time.Second); err != nil {
		panic(err)
	}
	fmt.Println(count, "at once,", failures.Load(), "failed,", overloaded.Load(), "overloaded")
}
