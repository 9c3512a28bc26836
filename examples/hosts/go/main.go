// main HWLAB.YAML: keeps a short conversation through the plugin that the daemon's file names.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"./hwlab"
)

// Library, section and origin of the first plugin that is enabled.
func readConfig(path string) (library, section, origin string, err error) {
	var config struct {
		PluginDir string `yaml:"plugin_dir"`
		Plugins   []struct {
			Library string
			Enabled *bool
			Config  yaml.Node
		}
	}
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(text, &config)
	}
	if err != nil {
		return "", "", "", err
	}
	for _, plugin := range config.Plugins {
		if plugin.Enabled != nil && !*plugin.Enabled {
			continue
		}
		library = plugin.Library
		for _, folder := range []string{config.PluginDir, filepath.Dir(path)} {
			if !filepath.IsAbs(library) {
				library = filepath.Join(folder, library)
			}
		}
		if library, err = filepath.Abs(library); err != nil || plugin.Config.IsZero() {
			return library, "", path, err
		}
		written, err := yaml.Marshal(&plugin.Config) // written anew, so its lines mean nothing
		return library, string(written), path, err
	}
	return "", "", "", errors.New(path + ": no plugin is enabled")
}

func status(err error) (string, string) {
	var failed *hwlab.Error
	if errors.As(err, &failed) {
		return failed.Status, failed.ID
	}
	return "OK", ""
}

func converse(plugin *hwlab.Plugin) error {
	conversation, err := plugin.CreateConversation("llama3", 0)
	if err != nil {
		return err
	}
	fmt.Println("conversation", conversation)
	for _, message := range []hwlab.Message{
		{Role: "user", Content: "Is the pool still fine?"},
		{Role: "assistant", Content: "Yes: both disks are online 🙂"},
	} {
		if _, err := plugin.AddMessage(conversation, message, 0); err != nil {
			return err
		}
	}
	thread, err := plugin.Thread(conversation, 0)
	if err != nil {
		return err
	}
	for _, message := range thread {
		fmt.Printf("%d %s: %s\n", message.Seq, message.Role, message.Content)
	}
	newest, err := plugin.Newest(0)
	if err != nil {
		return err
	}
	for _, listed := range newest {
		if listed.ID == conversation {
			fmt.Println("listed with", listed.MessageCount, "messages")
		}
	}

	_, err = plugin.Thread("00000000-0000-4000-8000-000000000000", 0)
	name, _ := status(err)
	fmt.Println("an unknown conversation is", name)

	long := hwlab.Message{Role: "user", Content: strings.Repeat("x", 4_000_000)}
	_, err = plugin.AddMessage(conversation, long, time.Millisecond)
	name, long.ID = status(err) // it may be stored: with the same id it is stored once
	fmt.Println("4 MB in a millisecond end with", name)
	seq, err := plugin.AddMessage(conversation, long, 0)
	if err != nil {
		return err
	}
	fmt.Println("repeated, it is seq", seq)
	return nil
}

func run(path string) error {
	library, section, origin, err := readConfig(path)
	if err != nil {
		return err
	}
	plugin, err := hwlab.Open(library, section, origin)
	if err != nil {
		return err
	}
	failed := converse(plugin)
	if err := plugin.Close(5 * time.Second); failed == nil {
		failed = err
	}
	if failed == nil {
		fmt.Println("unloaded")
	}
	return failed
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: host HWLAB.YAML")
		os.Exit(64)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
