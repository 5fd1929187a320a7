// Does the whole job with the client that openapi-generator makes for Go, and prints what came of it as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"time"

	downloads "example.org/alfresco/downloads"
)

var (
	client *downloads.APIClient
	caller context.Context
)

func main() {
	configuration := downloads.NewConfiguration()
	configuration.Servers[0].URL = os.Getenv("SERVICE") + "/alfresco/api/-default-/public/alfresco/versions/1"
	client = downloads.NewAPIClient(configuration)
	caller = context.WithValue(context.Background(), downloads.ContextBasicAuth, downloads.BasicAuth{
		UserName: os.Getenv("USER_NAME"),
		Password: os.Getenv("PASSWORD"),
	})

	id := created(os.Getenv("FOLDER"))
	status := ended(id)
	node, _, err := client.NodesAPI.GetNode(caller, id).Execute()
	check(err)
	save(id, os.Getenv("ZIP"))

	large := created(os.Getenv("LARGE"))
	_, err = client.DownloadsAPI.CancelDownload(caller, large).Execute()
	check(err)
	cancelled := ended(large)

	_, err = client.NodesAPI.DeleteNode(caller, id).Execute()
	check(err)
	_, _, err = client.DownloadsAPI.GetDownload(caller, id).Execute()
	missing := problemOf(err)
	_, err = create("no/id")
	refused := problemOf(err)

	check(json.NewEncoder(os.Stdout).Encode(map[string]string{
		"id": id, "status": status, "name": node.Entry.GetName(),
		"cancelled": cancelled, "missing": missing, "refused": refused,
	}))
}

func create(nodeID string) (*downloads.DownloadEntry, error) {
	body := downloads.NewDownloadBodyCreate([]string{nodeID})
	made, _, err := client.DownloadsAPI.CreateDownload(caller).DownloadBodyCreate(*body).Execute()
	return made, err
}

func created(nodeID string) string {
	made, err := create(nodeID)
	check(err)
	return made.Entry.GetId()
}

func ended(id string) string {
	for {
		now, _, err := client.DownloadsAPI.GetDownload(caller, id).Execute()
		check(err)
		switch status := now.Entry.GetStatus(); status {
		case downloads.PENDING, downloads.IN_PROGRESS:
			time.Sleep(100 * time.Millisecond)
		default:
			return string(status)
		}
	}
}

func save(id, path string) {
	content, _, err := client.NodesAPI.GetNodeContent(caller, id).Execute()
	check(err)
	defer content.Close()
	file, err := os.Create(path)
	check(err)
	_, err = io.Copy(file, content)
	check(err)
	check(file.Close())
}

// The message of an error, from the generated model of a problem document.
func problemOf(err error) string {
	var failure *downloads.GenericOpenAPIError
	if !errors.As(err, &failure) {
		log.Fatalf("it was not refused: %v", err)
	}
	problem, isProblem := failure.Model().(downloads.ProblemDocument)
	if !isProblem {
		log.Fatalf("not a problem document: %s", failure.Body())
	}
	return problem.Error.GetBriefSummary()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
