import { runConformance } from "../conformance/run.ts";
import { diskFactory, folders } from "./folders.ts";

const newFolder = folders();

runConformance("Disk", diskFactory(newFolder, {}));
runConformance("Disk without durability", diskFactory(newFolder, { durable: false }));
