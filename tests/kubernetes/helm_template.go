// helm_template CHART [--namespace=NAME] [--set-json=PATH=JSON]... prints what "helm template rtt-exporter CHART" would.
//
// Debian has no Helm. It has what Helm renders with, text/template and sprig; the few functions and objects that
// Helm adds to them are here, with Helm's names, its strictness (an error ends the rendering) and its order of files.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type object = map[string]interface{}

// The files of the chart that are neither templates nor read by Helm itself: .Files.
type files map[string][]byte

func (f files) Get(name string) string { return string(f[name]) }

type settings []string

func (s *settings) String() string     { return strings.Join(*s, ",") }
func (s *settings) Set(v string) error { *s = append(*s, v); return nil }

func read(name string, into interface{}) {
	text, err := os.ReadFile(name)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
}

// set writes a value below a path such as "podMonitor.enabled".
func set(values object, setting string) {
	keys, text, found := strings.Cut(setting, "=")
	var value interface{}
	if !found || json.Unmarshal([]byte(text), &value) != nil {
		log.Fatalf("%s: not PATH=JSON", setting)
	}
	names := strings.Split(keys, ".")
	for _, name := range names[:len(names)-1] {
		next, ok := values[name].(object)
		if !ok {
			log.Fatalf("%s: the chart has no such value", setting)
		}
		values = next
	}
	values[names[len(names)-1]] = value
}

func toYaml(value interface{}) (string, error) {
	text, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(text), "\n"), err
}

func fromYaml(text string) (object, error) {
	value := object{}
	return value, yaml.Unmarshal([]byte(text), &value)
}

func required(message string, value interface{}) (interface{}, error) {
	if value == nil || value == "" {
		return value, fmt.Errorf("%s", message)
	}
	return value, nil
}

func engine() *template.Template {
	templates := template.New("chart").Option("missingkey=error")
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = toYaml
	functions["fromYaml"] = fromYaml
	functions["required"] = required
	functions["include"] = func(name string, data interface{}) (string, error) {
		var out strings.Builder
		err := templates.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	functions["tpl"] = func(text string, data interface{}) (string, error) {
		clone, err := templates.Clone()
		if err != nil {
			return "", err
		}
		parsed, err := clone.New("tpl").Parse(text)
		if err != nil {
			return "", err
		}
		var out strings.Builder
		err = parsed.Execute(&out, data)
		return out.String(), err
	}
	return templates.Funcs(functions)
}

func chartFiles(chart string) files {
	found := files{}
	err := filepath.Walk(chart, func(name string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		relative, _ := filepath.Rel(chart, name)
		found[relative], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	return found
}

func main() {
	log.SetFlags(0)
	chart := os.Args[1]
	flags := flag.NewFlagSet("helm_template", flag.ExitOnError)
	namespace := flags.String("namespace", "rtt-exporter", "namespace of the release")
	var changes settings
	flags.Var(&changes, "set-json", "PATH=JSON: a value")
	flags.Parse(os.Args[2:])

	var metadata struct{ Name, Version, AppVersion string }
	values := object{}
	read(path.Join(chart, "Chart.yaml"), &metadata)
	read(path.Join(chart, "values.yaml"), &values)
	for _, change := range changes {
		set(values, change)
	}
	all, templates := chartFiles(chart), engine()
	for name, text := range all {
		if strings.HasPrefix(name, "templates/") {
			template.Must(templates.New(name).Parse(string(text)))
		}
	}
	data := object{
		"Values": values,
		"Chart":  metadata,
		"Files":  all,
		"Release": object{"Name": "rtt-exporter", "Namespace": *namespace, "Service": "Helm", "IsInstall": true,
			"IsUpgrade": false, "Revision": 1},
		"Capabilities": object{"KubeVersion": object{"Version": "v1.33.0", "Major": "1", "Minor": "33"}},
	}
	for name := range all {
		if !strings.HasPrefix(name, "templates/") || strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		var out bytes.Buffer
		if err := templates.ExecuteTemplate(&out, name, data); err != nil {
			log.Fatal(err)
		}
		if strings.HasSuffix(name, ".txt") {
			fmt.Printf("---\n# %s\n# %s\n", name, strings.ReplaceAll(out.String(), "\n", "\n# "))
		} else {
			fmt.Printf("---\n# %s\n%s\n", name, out.String())
		}
	}
}
